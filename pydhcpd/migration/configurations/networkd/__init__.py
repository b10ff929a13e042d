"""A .network file: its lines (`lines.py`), values (`values.py`), the machine (`machine.py`), the whole (`conversion.py`)."""
