"""`exposition`: what Prometheus is told."""

from pydhcpd.services.page.questions import Ask


async def exposition(ask: Ask, accept: str) -> tuple[str, bytes]:  # noqa: ARG001
    """The media type and the text of it."""
    raise ImportError("prometheus_client")
