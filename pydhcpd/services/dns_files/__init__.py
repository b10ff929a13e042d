"""Files for a DNS server: `Holdings` knows who is called what, `forms` has how it is written, `DnsFiles` keeps the files."""
