"""dnsmasq.conf: its lines (`lines.py`), tags as conditions (`tags.py`), values (`values.py`), the whole (`conversion.py`)."""
