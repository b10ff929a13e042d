"""A literal of Python where a text reads as one: values on the command line, in questions, and in the reservation file."""

import ast
import warnings


def literal(text: str) -> object:
    """What the text stands for; where it is no literal, the text itself."""
    try:
        with warnings.catch_warnings(action="ignore"):
            value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text
    return value
