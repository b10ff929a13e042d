"""The DNS kept current (RFC 2136): what is to be in it (`register.py`), how a name is taken and given back (`plan.py`, by RFC
4703, with the identities of `dhcid.py`; and `matters.py`), a process that does it (`__main__.py`), and the service that tells
that one."""
