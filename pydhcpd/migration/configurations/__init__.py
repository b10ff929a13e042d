"""Other servers' configurations, made into ours: `-import_config`.

What reads one (a module for each server) fills a `Draft`, and a `Report` that says of each line what became of it.
"""
