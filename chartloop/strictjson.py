"""Strict JSON: what Python's parser lets pass is refused, with a code each: NaN, repeated keys, lone surrogates, great depth."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from chartloop.errors import FileProblem, InvalidRequest

MAX_DEPTH = 32
"""Levels of objects and lists in one value; a record needs four."""

MAX_ITEMS = 500_000
"""Records of one file: items this small are no records, and each costs memory."""

SPACE = " \t\r\n"
"""What JSON calls white space."""

# A repeat of a possessive group cannot backtrack, so hostile input costs no more than its length.
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"|["\[\]{},]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(text: str) -> Any:
    """The value of one JSON text. Raises InvalidRequest with one of the codes of a line that is no good JSON."""
    try:
        text.encode()
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_not_finite, parse_float=_finite)
        _check_depth(value)
        if _SURROGATE.search(text):  # an escaped one may stand alone
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"no valid JSON at character {error.pos}", code="invalid_json") from None
    except UnicodeEncodeError:
        raise InvalidRequest("a string holds a lone surrogate", code="lone_surrogate") from None
    except ValueError:  # what remains is an integer with more digits than Python converts
        raise InvalidRequest("a number has too many digits", code="invalid_json") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise InvalidRequest("an object has the same key twice", code="duplicate_key")
    return members


def _not_finite(_: str) -> NoReturn:
    raise InvalidRequest("a number is NaN or Infinity", code="not_finite")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise InvalidRequest("a number is too large to be finite", code="not_finite")
    return value


def _check_depth(value: Any) -> None:
    """The interpreter's own limit depends on who calls; this one is the same everywhere."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        members = (node.values() if isinstance(node, dict) else node for node in level)
        level = [child for children in members for child in children if isinstance(child, dict | list)]
    if level:
        raise _too_deep()


def _too_deep() -> InvalidRequest:
    return InvalidRequest(f"nested deeper than {MAX_DEPTH} levels", code="too_deep")


def split(text: str, start: int) -> tuple[list[tuple[int, int]], int]:
    """The (start, end) of every item of the array or object that opens at `start`, and the place past its end.

    Items are told apart by brackets and commas alone, so that a bad item spoils no other. Raises FileProblem where the text ends
    before the array or object does, and for more than MAX_ITEMS.
    """
    items: list[tuple[int, int]] = []
    depth, item = 0, start + 1
    for match in _STRUCTURE.finditer(text, start + 1):
        character = match.group()
        if character in ("[", "{"):
            depth += 1
        elif character in ("]", "}") and depth:
            depth -= 1
        elif character in ("]", "}"):
            only = not items and not text[item : match.start()].strip(SPACE)
            return ([] if only else [*items, (item, match.start())]), match.end()
        elif character == "," and not depth:
            items.append((item, match.start()))
            item = match.end()
        if character == '"' or len(items) > MAX_ITEMS:  # a lone quote opens a string that never closes
            break
    if len(items) > MAX_ITEMS:
        raise FileProblem(f"more than {MAX_ITEMS:,} records", code="too_large")
    raise FileProblem("the file ends before its JSON does", code="truncated")
