"""Sheets without a table of ours: notes and lists, or figures that we fail to read."""

from __future__ import annotations

from acv_pipeline.contract import Contract
from acv_pipeline.reading import DeliveryRefused, Sheet
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.fold import clean
from acv_pipeline.tidying.header import HEADER_LINES, HeaderFinder, Table
from acv_pipeline.tidying.roles import NUMBER, SOME, column_letter
from acv_pipeline.tidying.territories import PlaceReader

TERRITORIES_AT_LEAST = 3


def why_passed_over(
    sheet: Sheet, refusal: DeliveryRefused, file_name: str, finder: HeaderFinder, read: list[Table]
) -> str:
    """Why a sheet is no source of figures.

    Args:
        refusal: why no table was found in it.
        read: the tables of the other sheets.

    Raises:
        DeliveryRefused: ``sheet_not_understood``: it holds about as many numbers by département
            as the tables that are read, in a column that could be figures.
    """
    places = _territory_columns(sheet, finder.contract)
    if not places:
        return "no figures by département"
    figures = min(len(table.body) for table in read)
    for place in range(sheet.cells.shape[1]):
        if place in places:
            continue
        name, numbers = _name_and_numbers(sheet, place)
        if numbers < max(1, SOME * figures):
            continue
        known = finder.names.name(name).meaning not in (None, "cumulative", "month_figures")
        if known or finder.names.is_other_quantity(name):
            continue
        raise DeliveryRefused(
            "sheet_not_understood",
            f"{file_name}: sheet {sheet.name} holds {numbers} numbers by département in column "
            f"{column_letter(place)} ({name or 'no name'}) and can't be read, while other sheets "
            f"are: {refusal.reason}",
            f"{file_name} : la feuille {sheet.name} contient {numbers} nombres par département en "
            f"colonne {column_letter(place)} ({name or 'sans nom'}) et ne peut être lue, alors que "
            f"d'autres feuilles le sont : {refusal.reason_fr}",
        )
    return "other quantities by département"


def _territory_columns(sheet: Sheet, contract: Contract) -> list[int]:
    """The columns most of whose texts are départements."""
    reader = of_contract(PlaceReader, contract, "department")
    found = []
    for place in sheet.cells:
        texts = [clean(text) for text in sheet.cells[place].unique() if text.strip()]
        known = sum(bool((p := reader.read(text)).code or p.named) for text in texts)
        if known >= TERRITORIES_AT_LEAST and 2 * known > len(texts):
            found.append(int(str(place)))
    return found


def _name_and_numbers(sheet: Sheet, place: int) -> tuple[str, int]:
    """The last words above the numbers of a column, and how many there are."""
    texts = [clean(text) for text in sheet.cells[place].tolist()]
    numbers = [bool(NUMBER.fullmatch(text)) for text in texts]
    first = numbers.index(True) if any(numbers) else 0
    above = [text for text in texts[: min(first, HEADER_LINES)] if text]
    return (above[-1] if above else ""), sum(numbers)
