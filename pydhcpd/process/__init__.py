"""The process as the system sees it: privileges, locks, logging, notification. Knows nothing of DHCP."""
