"""RESULTS.md: every benchmark writes the section that it measures, and leaves the others alone."""

import re
import statistics
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


def write_section(title: str, text: str) -> None:
    """Put ``text`` under the heading ``title``, in place of what stood there, and print it."""
    section = f"## {title}\n\n{text.strip()}\n"
    content = RESULTS.read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", content, re.MULTILINE | re.DOTALL)
    if found:
        content = f"{content[: found.start()]}{section}\n{content[found.end() :]}"
    else:
        content = f"{content.rstrip()}\n\n{section}"
    RESULTS.write_text(content.rstrip() + "\n", encoding="utf-8")
    print(section)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def range_of(values: list[float], form: str) -> str:
    """Median, least and most of values, each in a form such as ``.2f``."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"
