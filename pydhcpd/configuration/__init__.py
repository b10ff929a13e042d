"""Reading the file and the command line, checks, and what is made from the tables: sample, manual, stub."""
