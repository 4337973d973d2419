"""Generated sections of a document, between two markers that stay.

>>> replaced("a<!-- x: generated -->\\nold\\n<!-- x: end -->b", "<!-- x: generated -->", "<!-- x: end -->", "new")
'a<!-- x: generated -->\\nnew\\n<!-- x: end -->b'
"""

from __future__ import annotations


def replaced(text: str, begin: str, end: str, section: str) -> str:
    """`text` with `section` between its markers `begin` and `end`."""
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{section}\n{end}{after}"
