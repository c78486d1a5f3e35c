"""From a Vega-Lite specification to SVG, for the page or for itself."""

from __future__ import annotations

import re
import resource
from typing import Any
from xml.etree import ElementTree

import vl_convert
from markupsafe import Markup

from acv_pipeline.language import LANGUAGES, NARROW
from acv_pipeline.publishing.report.plot import Spec
from acv_pipeline.publishing.report.words import template, text

_SVG = "{http://www.w3.org/2000/svg}"
_FRENCH = {"decimal": ",", "thousands": NARROW, "grouping": [3], "currency": ["", ""]}
_ENGLISH = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""]}
_GROUPED = re.compile(rf"\d{NARROW}\d")
_UNWANTED = ("role", "pointer-events", "class")
# V8 reserves so many before it begins, and ends the process if it can't
_ADDRESS_BYTES = 66 * 1024**3


def inline(spec: Spec, css_class: str, **data: object) -> Markup:
    """An SVG to put into the page: as wide as its box, in both languages, coloured by the theme.

    It is hidden from assistive technology: the page says the same in a table beside it. The page's
    script reads ``data``.
    """
    root = _drawn(spec, _FRENCH)
    for element in list(root.iter()):
        if element.tag == "text":
            _translate(element)
    root.set("class", css_class)
    root.set("aria-hidden", "true")
    for name, value in data.items():
        root.set(f"data-{name}", str(value))
    for name in ("width", "height"):
        del root.attrib[name]
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def document(spec: Spec, language: str) -> bytes:
    """An SVG file of its own, in one language, on light paper."""
    worded = _in_words(spec, language)
    worded["config"] |= {"font": "sans-serif", "background": "white"}
    root = _drawn(worded, _FRENCH if language == "fr" else _ENGLISH)
    root.set("xmlns", _SVG.strip("{}"))
    return ElementTree.tostring(root)


def _drawn(spec: Spec, locale: dict[str, Any]) -> ElementTree.Element:
    """The SVG by Vega, without what it says to programs that walk through it.

    Raises:
        MemoryError: the process may not have the addresses that Vega's engine reserves.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    if resource.RLIM_INFINITY != allowed < _ADDRESS_BYTES:
        raise MemoryError(
            f"charts are drawn with {_ADDRESS_BYTES >> 30} GB of addresses reserved, and "
            f"'ulimit -v' allows {allowed >> 20} MB: limit memory another way, such as MemoryMax="
        )
    svg = vl_convert.vegalite_to_svg(spec, format_locale=locale)
    root = ElementTree.fromstring(svg)
    for element in list(root.iter()):
        for name in [n for n in element.attrib if n.startswith("aria-") or n in _UNWANTED]:
            del element.attrib[name]
        for child in [c for c in element if c.tag == f"{_SVG}path" and not c.get("d")]:
            element.remove(child)
        element.tag = element.tag.removeprefix(_SVG)
    return root


def _translate(element: ElementTree.Element) -> None:
    """Names of texts become both languages; grouped digits are marked for the language switch."""
    shown = element.text or ""
    if shown.startswith("@"):
        element.text = None
        for language in LANGUAGES:
            span = ElementTree.SubElement(element, "tspan", {"class": "l", "lang": language})
            span.text = template(shown[1:], language)
    elif _GROUPED.search(shown):
        element.set("class", "n")


def _in_words(part: Any, language: str) -> Any:
    if isinstance(part, dict):
        return {key: _in_words(value, language) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_in_words(value, language) for value in part]
    if isinstance(part, str) and part.startswith("@"):
        return text(part[1:], language)
    return part
