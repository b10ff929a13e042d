"""A length of time as people say it, in the largest two units that matter."""


def duration(seconds: int) -> str:
    """"59m", "3d23h", "12s"."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if not minutes:
        return f"{seconds}s"
    if not hours:
        return f"{minutes}m"
    if not days:
        return f"{hours}h{minutes % 60:02}m"
    return f"{days}d{hours % 24:02}h"
