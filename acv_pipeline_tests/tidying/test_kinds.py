"""What deliveries say beside their rows and columns: dates, names of columns, parts of figures.

Every kind has a case that is read and one that is not, in the notation of the corpus.
"""

# ruff: noqa: E501 - a case is easier to read on one line

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.operations.unused import unused_parts
from acv_pipeline.tidying import DeliveryRefused
from acv_pipeline_tests.reading.files import Rows, write_workbook
from acv_pipeline_tests.tidying.outcomes import outcome, read

RECEIVED = dt.date(2021, 4, 8)
READ = "{row}: 01 2021-03 = 1"


def above_and_below(text: str, tmp_path: Path, contract: Contract) -> list[bool]:
    """Whether the figure comes in below a heading, and above a note, of this text."""
    path = tmp_path / "acv-2021-03.csv"
    read = {"3: 01 2021-03 = 30": True, "2: 01 2021-03 = 30": True, "refused: other_subject": False}
    found = []
    for content in (f"{text};\ndep;cumul\n01;30\n", f"dep;cumul\n01;30\n{text};\n"):
        path.write_text(content)
        found.append(read[outcome(path, contract)[0]])
    return found


# name of the case: (file name, lines above "dep;cumul", whether the month is March 2021)
MONTHS: dict[str, tuple[str, str, bool]] = {
    "a day of extraction": ("acv.csv", "Extraction du 31/03/2021;", False),
    "in two cells": ("acv.csv", "Extraction du;31/03/2021", False),
    "in two cells, the date with its preposition": ("acv.csv", "Date d'envoi;le 31/03/2021", False),
    "one above the other": ("acv.csv", ";Publié le\n;31/03/2021", False),
    "a month of sending": ("acv.csv", "Envoi de mars 2021;", False),
    "in the file name": ("acv-produit-le-2021-03-31.csv", "Anah;", False),
    "a month in the file name": ("acv-extraction-mars-2021.csv", "Anah;", False),
    "behind the day in the file name": ("20210331_export_acv.csv", "Anah;", False),
    "an agreement": ("acv.csv", "Convention-cadre du 31 mars 2021;", False),
    "any document": ("acv.csv", "Tableau validé du 31/03/2021;", False),
    "a target": ("acv.csv", "Objectif à fin mars 2021;", False),
    "the beginning of a period": ("acv.csv", "Suivi engagé depuis mars 2018, à jour;", False),
    "a list of communes": ("acv.csv", "Géographie au 01/01/2021;", False),
    "two days of sending": ("acv.csv", "Extraction : 28/02/2021 - 31/03/2021;", False),
    "a state": ("acv.csv", "Situation au 31/03/2021;", True),
    "a state in two cells": ("acv.csv", "Situation au;31/03/2021", True),
    "a state beside a day of extraction": ("acv.csv", "Situation au 31/03/2021, extraction du 30/04/2021;", True),
    "the other way round": ("acv.csv", "Extraction du 28/02/2021 - situation au 31/03/2021;", True),
    "an extraction of a state": ("acv.csv", "Extraction de la situation au 31/03/2021;", True),
    "a bare month": ("acv.csv", "Anah - ACV - mars 2021;", True),
    "a bare last day": ("acv.csv", "31/03/2021;", True),
    "a month labelled": ("acv.csv", "Mois :;01/03/2021", True),
    "figures of a day": ("acv.csv", "Chiffres du 31/03/2021;", True),
    "a month beside a day of sending": ("acv-2021-03.csv", "Transmis le 30/04/2021;", True),
    "a remark on an earlier month": ("acv.csv", "ACV mars 2021\nRappel du cumul fin février 2021 : 12345", True),
    "a convention that it is about": ("acv.csv", "Suivi de la convention Anah-Action Logement, mars 2021;", True),
    "a running number": ("acv.csv", "Tableau de bord n° 31 - mars 2021;", True),
    "a time of day": ("acv.csv", "Anah;31/03/2021 10:42", False),
    "an unknown verb": ("acv.csv", "Téléversé le 31/03/2021;", False),
    "two months outright": ("acv.csv", "Situation de mars 2021;\nSituation de février 2021;", False),
    "a first day settled by the name": ("acv-2021-03.csv", "Situation au 01/04/2021;", True),
    "in two cells, year and month": ("acv.csv", "Année;2021\nMois;mars\n;", True),
    "in two cells, the month as a number": ("acv.csv", "Mois;3\nAnnée;2021\n;", True),
    "in two cells, of two years": ("acv.csv", "Exercice 2020;\nAnnée;2021\nMois;mars\n;", False),
    "month above, year in the name": ("ACV 2021.csv", "Mars\n;", True),
    "a quarter in words": ("acv.csv", "Premier trimestre 2021;", True),
    "a saved copy": ("ACV_sauvegarde_2021-03.csv", "", False),
    "the month of a committee": ("acv.csv", "Comité de pilotage de mars 2021;", False),
    "of a committee, after its name": ("acv.csv", "COPIL mars 2021;", False),
    "updated by somebody in a month": ("acv.csv", "Mis à jour par l'Anah en mars 2021;", False),
    "a version, then the month": ("acv.csv", "Version définitive - mars 2021;", True),
    "the number of a document": ("acv.csv", "Convention n° 2021-03;", False),
    "a week": ("acv_semaine_2021-03.csv", "", False),
    "a year and a count": ("acv.csv", "Données 2021 03 départements;", False),
}  # fmt: skip


@pytest.mark.parametrize("case", MONTHS)
def test_a_date_is_the_month_only_where_nothing_says_otherwise(
    case: str, tmp_path: Path, contract: Contract
) -> None:
    name, above, is_month = MONTHS[case]
    path = tmp_path / name
    path.write_text(f"{above}\ndep;cumul\n01;1\n")
    row = above.count("\n") + 3
    found = outcome(path, contract, received_on=dt.date(2021, 5, 10))
    if is_month:
        assert found == [READ.format(row=row)]
    else:
        assert found in (["refused: no_month"], ["refused: ambiguous_month"])


@pytest.mark.parametrize(
    ("above", "received_on", "expected"),
    [
        ("Mars", dt.date(2021, 4, 8), "01 2021-03 = 1"),
        ("Mars", dt.date(2022, 3, 31), "01 2021-03 = 1"),
        ("Mars", dt.date(2022, 4, 1), "ambiguous_month"),
        ("Année 2021;\nMars", dt.date(2022, 4, 8), "01 2021-03 = 1"),
    ],
)
def test_the_year_in_a_name_may_be_an_old_one(
    above: str, received_on: dt.date, expected: str, tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "ACV 2021.csv"
    path.write_text(f"{above};\ndep;cumul\n01;1\n")
    (said,) = outcome(path, contract, received_on=received_on)
    assert said.split(": ")[1] == expected


def test_a_date_that_is_not_the_month_is_named_in_the_refusal(
    tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv.csv"
    path.write_text("Convention-cadre du 1er avril 2018;\ndep;cumul\n01;1\n")
    with pytest.raises(DeliveryRefused) as refused:
        read(path, contract)
    assert "Convention-cadre du 1er avril 2018" in refused.value.reason
    assert "2018-04-01" in refused.value.reason and "date of a document" in refused.value.reason
    assert "la date d'un acte" in refused.value.reason_fr


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("acv.csv", "Situation au 01/04/2021;\ndep;cumul\n01;1\n"),
        ("acv.csv", "dep;Situation au;cumul\n01;01/04/2021;1\n"),
        ("acv.csv", "dep;Cumul au 01/04/2021\n01;1\n"),
        ("acv.csv", "dep;Cumul au 1er avril 2021\n01;1\n"),
        ("acv-situation-20210401.csv", "dep;cumul\n01;1\n"),
    ],
)
def test_a_stock_on_a_first_day_is_about_one_of_two_months(
    name: str, content: str, tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(DeliveryRefused) as refused:
        read(path, contract, received_on=dt.date(2021, 6, 8))
    assert refused.value.reason_code == "ambiguous_month"
    assert "2021-03" in refused.value.reason and "2021-04" in refused.value.reason


def test_a_first_day_as_the_label_of_a_month_is_that_month(
    tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv.csv"
    path.write_text("dep;mois;cumul\n01;01/03/2021;1\n")
    assert outcome(path, contract, received_on=RECEIVED) == ["2: 01 2021-03 = 1"]


@pytest.mark.parametrize(
    ("received_on", "expected"),
    [
        (dt.date(2021, 2, 27), "2: future_month"),
        (dt.date(2021, 3, 20), "2: month_not_over"),
        (dt.date(2021, 3, 31), "2: month_not_over"),
        (dt.date(2021, 4, 1), "2: 01 2021-03 = 1"),
    ],
)
def test_a_month_that_is_not_over_has_no_figures(
    received_on: dt.date, expected: str, tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv.csv"
    path.write_text("dep;mois;cumul\n01;2021-03;1\n")
    assert outcome(path, contract, received_on=received_on) == [expected]


@pytest.mark.parametrize(
    ("name", "title", "expected"),
    [
        ("acv-2021-03.csv", "Situation au 26/03/2021", "taken_too_early"),
        ("acv-2021-03.csv", "Extraction du 26/03/2021", "taken_too_early"),
        ("acv-2021-03.csv", "Édité le 26/03/2021", "taken_too_early"),
        ("acv-2021-03_situation_au_26-03-2021.csv", "Logements", "taken_too_early"),
        ("acv-2021-03.csv", "Extraction du 31/03/2021", "01 2021-03 = 5"),
        ("acv-2021-03.csv", "Extraction du 06/04/2021", "01 2021-03 = 5"),
        ("acv-2021-03.csv", "Convention du 26/03/2021", "01 2021-03 = 5"),
        ("acv-2021-03.csv", "Données au 26 mars", "taken_too_early"),
        ("acv-2021-03.csv", "Extraction du 26/03", "taken_too_early"),
        ("acv-2021-03_données_au_26_mars.csv", "Logements", "taken_too_early"),
        ("acv-2021-03.csv", "Données au 31 mars", "01 2021-03 = 5"),
        ("acv-2021-03.csv", "Extraction du 6 avril", "01 2021-03 = 5"),
        ("acv-2021-03_v2.03.csv", "Comité du 26 mars, 26/03 villes", "01 2021-03 = 5"),
    ],
)
def test_figures_taken_before_their_month_was_over_are_none_of_it(
    name: str, title: str, expected: str, tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / name
    path.write_text(f"{title};\ndep;cumul\n01;5\n")
    assert outcome(path, contract, received_on=RECEIVED) == [f"3: {expected}"]
    path.write_text(f"{title};;\ndep;mois;cumul\n01;2021-02;4\n01;2021-03;5\n")
    *_, earlier, later = outcome(path, contract, received_on=RECEIVED)
    assert (earlier[3:], later[3:]) == ("01 2021-02 = 4", expected)


@pytest.mark.parametrize(
    ("name", "dates", "early"),
    [
        ("Date d'extraction", ["26/03/2021", "06/04/2021", "15/02/2021", ""], [0, 2]),
        ("Arrêté le", ["26/03/2021", "31/03/2021", "28/02/2021", "01/03/2021"], [0, 2]),
        ("Mise à jour", ["15/01/2019", "15/01/2019", "26/03/2021", ""], [2]),
        ("Dernière mise à jour", ["31/03/2021", "12/11/2020", "06/04/2021", "02/04/2021"], [1]),
        ("Mise à jour", ["12/11/2020", "12/11/2020", "12/11/2020", "06/04/2021"], []),
        ("Mise à jour contact", ["26/03/2021", "26/03/2021", "26/03/2021", ""], []),
        ("Dernier mois disponible", ["mars 2021", "février 2021", "2021-01", ""], [1, 2]),
        ("Disponible", ["mars 2021", "mars 2021", "février 2021", "mars 2021"], [2]),
        ("Entrée", ["janvier 2020", "mars 2021", "février 2021", "mai 2019"], []),
        ("Date de signature", ["26/03/2021", "12/02/2020", "01/03/2021", ""], []),
    ],
)
def test_a_column_says_of_each_row_when_its_figure_was_taken(
    name: str, dates: list[str], early: list[int], tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv-2021-03.csv"
    rows = [f"{code:02};2021-03;{date};5" for code, date in enumerate(dates, 1)]
    path.write_text("\n".join([f"dep;mois;{name};cumul", *rows]))
    fates = [f"{r}: 0{r - 1} 2021-03 = 5" for r in range(2, 6)]
    for row in early:
        fates[row] = f"{row + 2}: taken_too_early"
    assert outcome(path, contract, received_on=RECEIVED) == fates


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("Extraction du 26/03/2021", "taken_too_early"),
        ("Chiffres au 26/03/2021", "taken_too_early"),
        ("Arrêté au 26/03/2021", "taken_too_early"),
        ("Mise à jour : 26/03/2021", "taken_too_early"),
        ("Source : Anah, fichier du 26/03/2021", "01 2021-03 = 5"),
        ("Source : Infocentre, au 26/03/2021", "taken_too_early"),
        ("Tableau mis à jour le 26/03/2021", "taken_too_early"),
        ("Périmètre arrêté au 26/03/2021", "01 2021-03 = 5"),
        ("Villes signataires au 26/03/2021", "01 2021-03 = 5"),
        ("Mise à jour de la maquette : 26/03/2021", "01 2021-03 = 5"),
        ("Extraction du 06/04/2021", "01 2021-03 = 5"),
        ("Chiffres corrigés le 26/03/2021", "01 2021-03 = 5"),
        ("Données au 26 mars", "taken_too_early"),
        ("Villes signataires au 26 mars", "01 2021-03 = 5"),
    ],
)
def test_a_note_says_when_figures_were_taken(
    note: str, expected: str, tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv-2021-03.csv"
    path.write_text(f"dep;cumul\n01;5\n{note};\n")
    assert outcome(path, contract, received_on=RECEIVED) == [f"2: {expected}", "3: note"]


def test_a_year_that_contradicts_the_file_name_is_quoted_with_it(
    tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "ACV_mars_2021.csv"
    path.write_text("dep;Année;cumul\n01;2021;1\n")
    assert outcome(path, contract) == ["2: 01 2021-03 = 1"]
    path.write_text("dep;Année;cumul\n01;2020;1\n")
    with pytest.raises(DeliveryRefused) as refused:
        read(path, contract)
    assert refused.value.reason_code == "month_contradiction"
    assert "“Année” says 2020" in refused.value.reason and "ACV_mars_2021" in refused.value.reason


def test_a_title_that_contradicts_a_column_is_quoted_with_it(
    tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv.csv"
    path.write_text("Situation au 31/03/2021;;\ndep;mois;cumul\n01;2021-02;1\n")
    with pytest.raises(DeliveryRefused) as refused:
        read(path, contract)
    assert "“mois” says 2021-02" in refused.value.reason
    assert "“Situation au 31/03/2021” (2021-03)" in refused.value.reason
    assert "la colonne «\u00a0mois\u00a0» dit 2021-02, le titre dit" in refused.value.reason_fr


def test_a_note_below_contradicts_the_months_of_rows_but_none_that_isnt_said(
    tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv.csv"
    note = "\nSituation arrêtée au 31 mars 2021\n"
    path.write_text(f"dep;mois;cumul\n01;2021-01;1\n02;2021-02;1\n{note}")
    with pytest.raises(DeliveryRefused) as refused:
        read(path, contract)
    assert "the rows say 2021-01, 2021-02, the note says" in refused.value.reason
    assert "les lignes disent 2021-01, 2021-02, la note dit" in refused.value.reason_fr
    path.write_text(f"dep;cumul\n01;1\n02;1\n{note}")
    assert outcome(path, contract) == ["refused: no_month"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-02-28 23:00:00", "2: 01 2021-03 = 1"),
        ("28/02/2021 22:00", "2: 01 2021-03 = 1"),
        ("44255.9583333333", "2: 01 2021-03 = 1"),
        ("2021-03-31T23:00:00+01:00", "2: 01 2021-04 = 1"),
        ("2021-03-31 23:59:59", "2: 01 2021-03 = 1"),
        ("2021-03-31T23:59:59Z", "2: 01 2021-03 = 1"),
        ("2021-03-31 12:00", "2: 01 2021-03 = 1"),
        ("2021-03-31 23:59:17", "2: ambiguous_date"),
    ],
)
def test_an_hour_or_two_before_midnight_is_the_next_day(
    text: str, expected: str, tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv.csv"
    path.write_text(f"dep;mois;cumul\n01;{text};1\n")
    assert outcome(path, contract) == [expected]


# name of the case: (content of acv-2021-03.csv, lines expected)
TABLES: dict[str, tuple[str, str]] = {
    # header lines
    "a total below a merged name": (
        "Code;Département;Nombre de logements;;\n;;PO;PB;Total\n01;Ain;3;4;7\n02;Aisne;1;1;2\n",
        "3: 01 2021-03 = 7|4: 02 2021-03 = 2",
    ),
    "parts below a merged name": (
        "Code;Département;Nombre de logements;\n;;PO;PB\n01;Ain;3;4\n",
        "refused: no_value_column",
    ),
    "both lines with names": (
        "Code;Département;Logements;;\nCode;Libellé;PO;PB;Total\n01;Ain;3;4;7\n",
        "3: 01 2021-03 = 7",
    ),
    "a unit below": ("dep;cumul\n;(nombre)\n01;3\n", "3: 01 2021-03 = 3"),
    "years over months": (
        "dep;2021;\n;février;mars\n01;3;4\n",
        "1: 01 2021-02 = 3|2: 01 2021-03 = 4",
    ),
    "groups above the names": (
        ";;Objectif;Réalisé\nCode;Nom;Total;Total\n01;Ain;9;3\n02;Aisne;9;4\n",
        "3: 01 2021-03 = 3|4: 02 2021-03 = 4",
    ),
    "no second line but a row without département": (
        "dep;cumul\n;nd\n01;3\n",
        "2: no_department|3: 01 2021-03 = 3",
    ),
    # names of columns
    "abbreviations": ("N° dépt;Nb lgts (cumul)\n01;3\n", "2: 01 2021-03 = 3"),
    "marks behind a name": ("dep;Logements cumulés (1)\n01;3\n", "2: 01 2021-03 = 3"),
    "a provisional month": (
        "dep;févr-21;mars-21 (p)\n01;3;4\n",
        "1: 01 2021-02 = 3|2: 01 2021-03 = 4",
    ),
    "figures without a name": (
        "dep;cumul;\n01;30;35\n02;40;44\n",
        "refused: column_not_understood",
    ),
    "corrected figures beside": (
        "dep;cumul;Cumul corrigé\n01;30;35\n02;40;44\n",
        "refused: column_not_understood",
    ),
    "an unknown name over figures alike": (
        "dep;cumul;Bidule\n01;30;35\n02;40;44\n",
        "refused: column_not_understood",
    ),
    "the same figures again": ("dep;cumul;Bidule\n01;30;30\n02;40;40\n", "2: 01 2021-03 = 30|3: 02 2021-03 = 40"),
    "a target": ("dep;cumul;Objectif 2022\n01;30;35\n02;40;44\n", "2: 01 2021-03 = 30|3: 02 2021-03 = 40"),
    "an index": (";dep;cumul\n0;01;30\n1;02;40\n", "2: 01 2021-03 = 30|3: 02 2021-03 = 40"),
    "other numbers": ("dep;cumul;Code postal\n01;30;01000\n02;40;02000\n", "2: 01 2021-03 = 30|3: 02 2021-03 = 40"),
    "figures and those of a part": (
        "dep;cumul;dont PO\n01;30;20\n02;40;30\n",
        "2: 01 2021-03 = 30|3: 02 2021-03 = 40",
    ),
    "a note at the name of the figures": (
        "dep;Nb logements (1)\n01;30\n02;40\n(1) hors délégation;\n",
        "refused: other_subject",
    ),
    "a note of an earlier month at the name of the figures": (
        "dep;févr-21;mars-21*\n01;30;30\n02;40;44\n* chiffres de février;;\n",
        "refused: other_subject",
    ),
    "notes that define the figures, or are about other columns": (
        "dep;Nb logements (1);Objectif (2)\n01;30;60\n02;40;80\n(1) hors annulations;;\n(2) hors délégation;;\n",
        "2: 01 2021-03 = 30|3: 02 2021-03 = 40|4: note|5: note",
    ),
    "another programme in a note at the name of the figures": (
        "dep;Nb logements (1)\n01;30\n02;40\n(1) y compris PVD;\n",
        "refused: indicator_contradiction",
    ),
    "shares beside the figures of a month": ("dep;mars 2021;mars 2021 %\n01;30;4\n02;40;5\n", "2: 01 2021-03 = 30|3: 02 2021-03 = 40"),
    "a legend of signs": (
        "dep;cumul\n01;30\n02;nd\nnd : non transmis;\ne = estimé;\n",
        "2: 01 2021-03 = 30|3: no_figure_not_available|4: note|5: note",
    ),
    "a legend of a mark at figures": (
        "dep;cumul\n01;30 r\n02;40\nr : reconduit;\n",
        "refused: other_subject",
    ),
    "a legend of colours": (
        "dep;cumul\n01;30\n02;40\nEn rouge : chiffres de février;\n",
        "refused: other_subject",
    ),
    "a legend that changes nothing": (
        "dep;cumul\n01;30\n02;40\nEn rouge : départements de plus de 30 logements;\nEn italique : données provisoires;\nEn gris : départements sans ville ACV;\n",
        "2: 01 2021-03 = 30|3: 02 2021-03 = 40|4: note|5: note|6: note",
    ),
    "answers whether figures have come": (
        "dep;cumul;Données reçues;Transmis au préfet\n01;30;oui;non\n02;40;non;oui\n",
        "2: 01 2021-03 = 30|3: something_else",
    ),
    "a few figures of a part": (
        "dep;PO;PB;SDC;Total\n01;3;4;;7\n02;3;4;;7\n03;3;2;2;7\n04;3;4;;7\n05;3;2;2;7\n06;3;2;2;7\n07;3;4;;7\n08;3;4;9;7\n",
        "2: 01 2021-03 = 7|3: 02 2021-03 = 7|4: 03 2021-03 = 7|5: 04 2021-03 = 7|6: 05 2021-03 = 7|7: 06 2021-03 = 7|8: 07 2021-03 = 7|9: conflicting_values",
    ),
    "two numbers in a cell": (
        'dep;cumul\n01;"350\n360"\n02;"1 350\n(1)"\n',
        "2: not_a_number|3: 02 2021-03 = 1350",
    ),
    "a row that corrects another": (
        "dep;nom;cumul\n01;Ain;30\n01;Ain (régularisation);3\n02;Aisne;40\n03;Allier;50\n;Régularisation;-4\n",
        "2: conflicting_values|3: label_contradicts_code|4: 02 2021-03 = 40|5: conflicting_values|6: unknown_department",
    ),
    "a row that says more of another": (
        "dep;nom;cumul\n01;Ain;30\n01;Ain (OPAH);3\n02;Aisne;40\n",
        "2: 01 2021-03 = 30|3: label_contradicts_code|4: 02 2021-03 = 40",
    ),
    "dwellings in another state above": ("Logements livrés;\ndep;cumul\n01;30\n", "refused: other_subject"),
    "a projection above": ("Projection à fin mars 2021;\ndep;cumul\n01;30\n", "refused: other_subject"),
    "a delivery above": ("Fichier livré par l'Anah;\ndep;cumul\n01;30\n", "3: 01 2021-03 = 30"),
    "a few corrections beside": (
        "dep;cumul;Nouvelle valeur\n01;30;35\n02;40;\n03;50;\n04;60;\n",
        "refused: column_not_understood",
    ),
    "a few numbers beside, whatever they are called": (
        "dep;cumul;VF;Retour DDT;Objectif;N° dossier\n01;30;;OK;60;\n02;40;44;;;\n03;1 500;1500;OK;;12\n04;60;;66;;\n05;70;;OK;;\n",
        "2: 01 2021-03 = 30|3: conflicting_values|4: 03 2021-03 = 1500|5: conflicting_values|6: 05 2021-03 = 70",
    ),
    "a few numbers far from the figures beside": (
        "dep;cumul;Priorité;Poste;VF\n01;30;1;;\n02;40;;4512;\n03;50;;;\n04;60;;;31\n05;70;;;\n",
        "2: 01 2021-03 = 30|3: 02 2021-03 = 40|4: 03 2021-03 = 50|5: conflicting_values|6: 05 2021-03 = 70",
    ),
    "small figures alike but for one": (
        "dep;cumul;V2\n01;3;3\n02;4;5\n03;5;5\n",
        "refused: column_not_understood",
    ),
    "figures of another month beside": (
        "dep;cumul;Date de fin\n01;30;2021-02-28\n02;40;2021-02-28\n",
        "refused: month_contradiction",
    ),
    "a part that is more than the whole": (
        "dep;cumul;dont PO\n01;30;20\n02;40;300\n",
        "2: 01 2021-03 = 30|3: conflicting_values",
    ),
    "a group title that is not understood": (
        "dep;Prévisionnel;\n;févr-21;mars-21\n01;3;4\n",
        "refused: no_value_column",
    ),
    "other words for the figures": (
        "dep;Nombre cumulé de logements ACV accompagnés par l'Anah\n01;30\n",
        "2: 01 2021-03 = 30",
    ),
    "a second table of something else below": (
        "dep;cumul\n01;30\n;\ndep;Objectif\n01;60\n",
        "refused: no_value_column",
    ),
    "another unit": ("dep;cumul;unité\n01;30;millier de logements\n", "refused: column_not_understood"),
    "the usual unit": ("dep;cumul;unité\n01;30;logements\n", "2: 01 2021-03 = 30"),
    # headings
    "a heading about a part": ("Propriétaires occupants;\ndep;cumul\n01;30\n", "refused: other_subject"),
    "a heading about all": ("Propriétaires occupants et bailleurs;\ndep;cumul\n01;30\n", "3: 01 2021-03 = 30"),
    "a heading about targets": ("Objectifs 2022;\ndep;cumul\n01;30\n", "refused: other_subject"),
    "a heading with a target": ("Objectif 2022 : 60 000;\ndep;cumul\n01;30\n", "3: 01 2021-03 = 30"),
    "a heading about flows": ("Flux du mois;\ndep;cumul\n01;30\n", "refused: other_subject"),
    "a heading that says not to use it": ("NE PAS UTILISER;\ndep;cumul\n01;30\n", "refused: other_subject"),
    "a heading that names what counts": ("Remplacé par le fichier du 8;\ndep;cumul\n01;30\n", "refused: other_subject"),
    "a note that says not to use it": ("dep;cumul\n01;30\nFichier obsolète;\n", "refused: other_subject"),
    "a heading about old dwellings": ("Anah - logements anciens;\ndep;cumul\n01;30\n", "3: 01 2021-03 = 30"),
    "a heading of what replaces another": ("Annule et remplace;\ndep;cumul\n01;30\n", "3: 01 2021-03 = 30"),
    "a note about another quantity": ("dep;cumul\n01;30\nMontants en euros;\n", "refused: other_subject"),
    "a note that names what is counted": ("dep;cumul\n01;30\nChamp : dossiers engagés;\n", "2: 01 2021-03 = 30|3: note"),
    "a heading that leaves some out": ("Hors copropriétés;\ndep;cumul\n01;30\n", "refused: other_subject"),
    "a theme above": ("Autonomie;\ndep;cumul\n01;30\n", "refused: other_subject"),
    "a flow in every row": ("dep;Étape;cumul\n01;Flux mensuel;3\n", "2: value_type_not_understood"),
    "the first row has lost its code": ("mesure;dep;mois;cumul\nACV;;2021-03;1 650 logements\nACV;01;2021-03;3 logements\n", "2: no_department|3: 01 2021-03 = 3"),
    "thousands cut at the comma": ("dep,cumul,commentaire\n01,1,234\n02,57,\n", "2: misaligned_row|3: 02 2021-03 = 57"),
    "a column of kinds of territory": ("maille_geographique;code;cumul\nDépartement;01;3\nRégion;84;9\n", "2: 01 2021-03 = 3|3: stated_subtotal"),
    "rows of another programme": ("dep;Prog;cumul\n01;ACV;3\n02;PVD;4\n", "2: 01 2021-03 = 3|3: something_else"),
    "rows that do not count": ("dep;Statut;cumul\n01;accordé;3\n02;annulé;4\n", "2: 01 2021-03 = 3|3: something_else"),
    "rows that are an earlier month's": ("dep;Observations;cumul\n01;;3\n02;Chiffre reconduit;4\n03;non mis à jour;5\n", "2: 01 2021-03 = 3|3: something_else|4: something_else"),
    "answers of a spreadsheet": ("dep;Validé;cumul\n01;VRAI;3\n02;FAUX;4\n", "2: 01 2021-03 = 3|3: 02 2021-03 = 4"),
    "rows said to be wrong": ("dep;Observations;cumul\n01;vérifié;3\n02;erroné;4\n", "2: 01 2021-03 = 3|3: something_else"),
    "parts that may overlap": (
        "dep;Bénéficiaire;cumul\n01;PO;3\n01;Modestes;2\n01;PB;4\n",
        "2: part_alone|3: part_alone|4: part_alone",
    ),
    "overlapping parts with their total": (
        "dep;Bénéficiaire;cumul\n01;PO;3\n01;Modestes;2\n01;PB;4\n01;Ensemble;7\n",
        "2: part_of_figure|3: part_of_figure|4: part_of_figure|5: 01 2021-03 = 7",
    ),
    "a quarter that contradicts": ("dep;mois;trimestre;cumul\n01;;T2 2021;3\n", "refused: month_contradiction"),
    "a year that contradicts a column's month": ("dep;année;Cumul au 31/03/2021\n01;2020;3\n", "refused: month_contradiction"),
    "a numbered heading": ("Tableau 2 : montant des aides;\ndep;cumul\n01;30\n", "refused: other_subject"),
    "a long heading in thousands": (
        "Logements financés dans le cadre du programme Action cœur de ville (en "
        "milliers);\ndep;cumul\n01;30\n",
        "refused: other_subject",
    ),
    "the figures of a year": ("Logements de l'année 2021;\ndep;cumul\n01;30\n", "refused: other_subject"),
    "a legend of parts": ("dep;cumul\n01;30\nPO : propriétaires occupants;\n", "2: 01 2021-03 = 30|3: note"),
    "whom to ask": ("Contact : bureau des copropriétés;\ndep;cumul\n01;30\n", "3: 01 2021-03 = 30"),
    "a note about thousands": ("dep;cumul\n01;30\nEn milliers de logements;\n", "refused: other_subject"),
    "a note about a source": ("dep;cumul\n01;30\nSource : Anah;\n", "2: 01 2021-03 = 30|3: note"),
    # marks and numbers
    "marks behind figures": (
        "dep;cumul\n01;49 (1)\n02;49¹\n03;49*\n04;524 (p)\n05;524p\n06;1 234 prov.\n07;(12)\n",
        "2: 01 2021-03 = 49|3: 02 2021-03 = 49|4: 03 2021-03 = 49|5: 04 2021-03 = 524|6: 05 "
        "2021-03 = 524|7: 06 2021-03 = 1234|8: negative",
    ),
    "no thousands begin with zero": (
        "dep;cumul\n01;0 480\n02;1 480\n",
        "2: not_a_number|3: 02 2021-03 = 1480",
    ),
    "noise of floating point": (
        "dep;cumul\n01;56.99999999999999\n02;56.9\n03;57.00000000000001\n",
        "2: 01 2021-03 = 57|3: non_integer|4: 03 2021-03 = 57",
    ),
    # rows
    "actual, initial and target values": (
        "zone_id;type_valeur;valeur\nD01;vi;0\nD01;va;3\nD01;vc;9\nD02;xx;4\n",
        "2: initial_value|3: 01 2021-03 = 3|4: target_value|5: value_type_not_understood",
    ),
    "a column of kinds of values by its content": (
        "dep;Colonne;cumul\n01;Réalisé;3\n01;Objectif;9\n",
        "2: 01 2021-03 = 3|3: target_value",
    ),
    "a kind of values in a remark or two": (
        "dep;Suivi;Freins;cumul\n01;objectif atteint;forte progression;3\n02;Objectif 2021;;4\n03;;;5\n04;;Flux mensuel;6\n05;;;7\n",
        "2: 01 2021-03 = 3|3: something_else|4: 03 2021-03 = 5|5: something_else|6: 05 2021-03 = 7",
    ),
    "kinds of values written once for the rows below": (
        "dep;Colonne;cumul\n01;Objectif;3\n02;;4\n03;;5\n",
        "2: target_value|3: value_type_not_understood|4: value_type_not_understood",
    ),
    "a part in a remark on the first row": (
        "dep;Suivi;cumul\n01;grosse copropriété;3\n02;;4\n03;;5\n",
        "2: part_alone|3: 02 2021-03 = 4|4: 03 2021-03 = 5",
    ),
    "a part written once for the rows below": (
        "dep;Suivi;cumul\n01;PO;3\n02;;4\n03;;5\n",
        "2: part_alone|3: part_alone|4: part_alone",
    ),
    "remarks that all speak of kinds of values": (
        "dep;Commentaire DDT;cumul\n01;en progression;3\n02;objectif 2021;4\n",
        "2: 01 2021-03 = 3|3: something_else",
    ),
    "parts with their total": (
        "dep;Bénéficiaire;cumul\n01;PO;3\n01;PB;4\n01;Ensemble;7\n",
        "2: part_of_figure|3: part_of_figure|4: 01 2021-03 = 7",
    ),
    "all parts, each named": (
        "dep;Bénéficiaire;cumul\n01;PO;3\n01;PB;4\n02;PO;1\n02;PB;1\n",
        "2: 01 2021-03 = 7|3: added_up|4: 02 2021-03 = 2|5: added_up",
    ),
    "a part that is missing": (
        "dep;Bénéficiaire;cumul\n01;PO;3\n01;PB;4\n02;PO;1\n",
        "2: 01 2021-03 = 7|3: added_up|4: part_alone",
    ),
    "one beneficiary only": ("dep;Bénéficiaire;cumul\n01;PO;3\n02;PO;1\n", "2: part_alone|3: part_alone"),
    "a theme in every row": ("dep;Thématique;cumul\n01;Autonomie;3\n", "2: part_alone"),
    "not cumulative, in every row": ("dep;Mode;cumul\n01;Non cumulé;3\n", "refused: other_subject"),
    "the theme of all": ("dep;Thématique;cumul\n01;Logement;3\n", "2: 01 2021-03 = 3"),
    "another partner's figures": ("dep;Source;cumul\n01;Action Logement;3\n", "2: part_alone"),
    "the partner's own": ("dep;Source;cumul\n01;Anah;3\n", "2: 01 2021-03 = 3"),
    "of the indicator, in a column of parts": ("dep;Volet;cumul\n01;ACV;3\n", "2: 01 2021-03 = 3"),
    "a total that is less than its parts": (
        "dep;Bénéficiaire;cumul\n01;PO;3\n01;PB;4\n01;Ensemble;6\n",
        "2: conflicting_values|3: conflicting_values|4: conflicting_values",
    ),
    "halves alike, told apart by unknown words": (
        "dep;Filière;cumul\n01;A;25\n01;B;25\n02;;3\n",
        "2: part_alone|3: part_alone|4: 02 2021-03 = 3",
    ),
    "the same row again": ("dep;note;cumul\n01;x;25\n01;x;25\n", "2: 01 2021-03 = 25|3: repeated_row"),
    "the same key with another comment": (
        "dep;commentaire;cumul\n01;x;25\n01;y;25\n",
        "2: unexplained_repeat|3: unexplained_repeat",
    ),
    "two labels of the same figure": (
        "dep;mesure;cumul\n01;ancien nom;25\n01;nouveau nom;25\n",
        "2: 01 2021-03 = 25|3: repeated_row",
    ),
    "Rhône and Lyon": (
        "dep;nom;cumul\n69;Rhône;3\n69M;Métropole de Lyon;4\n",
        "2: 69 2021-03 = 7|3: added_up",
    ),
    "Lyon alone": ("dep;nom;cumul\n69M;Métropole de Lyon;4\n01;Ain;1\n", "2: part_alone|3: 01 2021-03 = 1"),
    "a code alone beside Lyon": (
        "dep;cumul\n69;5000\n69M;3000\n01;1\n",
        "2: part_alone|3: part_alone|4: 01 2021-03 = 1",
    ),
    "the whole beside its first part": (
        "dep;nom;cumul\n69;Rhône;5000\n69D;Rhône hors Métropole;2000\n",
        "2: 69 2021-03 = 5000|3: part_of_figure",
    ),
    "what may be the whole beside its other part": (
        "dep;nom;cumul\n69;Rhône;9\n69M;Métropole de Lyon;4\n",
        "2: part_alone|3: part_alone",
    ),
    "without Lyon, says a note": (
        "dep;nom;cumul\n69;Rhône (1);9\n01;Ain;1\n(1) Hors Métropole de Lyon;;\n",
        "2: something_else|3: 01 2021-03 = 1|4: note",
    ),
    "without Lyon, says a note in two cells": (
        "dep;nom;cumul\n69;Rhône (1);9\n01;Ain;1\n(1);Hors Métropole de Lyon;\n",
        "2: something_else|3: 01 2021-03 = 1|4: note",
    ),
    "the département alone, says a note": (
        "dep;nom;cumul\n69;Rhône (1);9\n2A;Corse-du-Sud (2);1\n(1) Département du Rhône seul;;\n(2) Collectivité unique;;\n",
        "2: something_else|3: 2A 2021-03 = 1|4: note|5: note",
    ),
    "with Lyon, says a note": (
        "dep;nom;cumul\n69;Rhône (1);9\n973;Guyane*;1\n(1) Y compris Métropole de Lyon;;\n* Collectivité unique;;\n",
        "2: 69 2021-03 = 9|3: 973 2021-03 = 1|4: note|5: note",
    ),
    "a figure of last month, says a note": (
        "dep;cumul\n01;492*\n02;30 (1)\n03;4\n* chiffre de février reconduit;\n(1) : estimation;\n",
        "2: something_else|3: something_else|4: 03 2021-03 = 4|5: note|6: note",
    ),
    "figures of last month, says a note by name": (
        "dep;cumul\n01;3\n02;4\n03;5\n04;6\nAin : chiffre de février reconduit;\n02 : donnée de février 2021;\n(Allier : hors Moulins);\nAlpes-de-Haute-Provence : chiffre vérifié;\n",
        "2: something_else|3: something_else|4: something_else|5: 04 2021-03 = 6|6: note|7: note|8: note|9: note",
    ),
    "a figure that is right, says a note": (
        "dep;nom;cumul\n01;Ain;492*\n02;Aisne (1);30\n03;Allier (2);4\n04;;5 (3)\n* chiffre confirmé par la DDT;;\n(1) donnée vérifiée;;\n(2) donnée non vérifiée, estimée;;\n(3) confirmé pour Digne;;\n",
        "2: 01 2021-03 = 492|3: 02 2021-03 = 30|4: something_else|5: something_else|6: note|7: note|8: note|9: note",
    ),
    "a part that explains a figure, and one that it is of": (
        "dep;cumul\n01;3\n02;4\n03;5\nAin : hausse liée à une copropriété de 24 logements;\nNota : la baisse dans l'Aisne est due aux bailleurs;\nAllier : copropriétés seulement;\n",
        "2: 01 2021-03 = 3|3: 02 2021-03 = 4|4: something_else|5: note|6: note|7: note",
    ),
    "an incomplete figure, says a note": (
        "dep;cumul\n01;492*\n02;30 (1)\n03;4\n* données incomplètes;\n1) chiffres partiels;\n",
        "2: something_else|3: something_else|4: 03 2021-03 = 4|5: note|6: note",
    ),
    "a note that begins as one and names territories": (
        "dep;cumul\n01;3\n02;4\n69;5\n12;6\n43;7\nNota : le chiffre de l'Ain est estimé;\nN.B. données de l'Aisne et du Rhône incomplètes;\nNB : le chiffre de la Haute-Loire est vérifié;\nNote 12 : chiffre reconduit;\n",
        "2: something_else|3: something_else|4: something_else|5: 12 2021-03 = 6|6: 43 2021-03 = 7|7: note|8: note|9: note|10: note",
    ),
    "what begins as a territory does, and is none": (
        "dep;nom;cumul\n01;Ain;3\n69D;Rhône hors Métropole;4\n69M;Lyon;5\n1 : chiffre de février reconduit;;\n69D : sans la Métropole;;\n",
        "2: 01 2021-03 = 3|3: 69 2021-03 = 9|4: added_up|5: note|6: note",
    ),
    "a provisional figure of last month, says a note": (
        "dep;cumul\n01;492*\n02;30 (1)\n* provisoire, valeur de février;\n(1) provisoire, valeur de mars;\n",
        "2: something_else|3: 02 2021-03 = 30|4: note|5: note",
    ),
    "a figure that may change, says a note": (
        "dep;cumul\n01;492*\n02;30 (1)\n* donnée provisoire;\n(1) dont 3 en cours de solde;\n",
        "2: 01 2021-03 = 492|3: 02 2021-03 = 30|4: note|5: note",
    ),
    "remarks on what is left out": (
        "dep;cumul;Observations\n01;492;hors délégation\n02;30;sans la Métropole\n03;4;hors délai\n04;5;sans objet\n05;6;transmis hors du délai\n",
        "2: something_else|3: something_else|4: 03 2021-03 = 4|5: 04 2021-03 = 5|6: 05 2021-03 = 6",
    ),
    "remarks on what is left out and none of ours": (
        "dep;cumul;Observations\n01;492;hors annulations\n02;30;hors dossiers en cours d'instruction\n03;4;hors Action Logement\n04;5;hors Denormandie\n05;6;sauf le contact\n06;7;hors Nice (annulé)\n07;8;hors PB\n08;9;hors Action Logement et Sedan\n",
        "2: 01 2021-03 = 492|3: 02 2021-03 = 30|4: 03 2021-03 = 4|5: 04 2021-03 = 5|6: 05 2021-03 = 6|7: something_else|8: something_else|9: something_else",
    ),
    "remarks on what is late, or said with reserve": (
        "dep;cumul;Observations\n01;492;sauf mention contraire\n02;30;saisie hors ligne\n03;4;reçu sans le tableau annexe\n04;5;sans l'Oise\n05;6;sans les communes\n",
        "2: 01 2021-03 = 492|3: 02 2021-03 = 30|4: 03 2021-03 = 4|5: something_else|6: something_else",
    ),
    "remarks on figures of another month": (
        "dep;cumul;Observations\n01;3;idem mois précédent\n02;3;chiffre M-1\n03;3;données du mois de février\n04;3;données de février intégrées\n05;3;hausse par rapport au mois précédent\n06;3;opération lancée en janvier\n",
        "2: something_else|3: something_else|4: something_else|5: 04 2021-03 = 3|6: 05 2021-03 = 3|7: 06 2021-03 = 3",
    ),
    "remarks on figures of another month, in short": (
        "dep;cumul;Observations\n01;3;= février\n02;3;valeur N-1\n03;3;mois précédent\n04;3;= mars\n05;3;valeur n° 1\n06;3;écart avec le mois précédent\n07;3;M+1\n",
        "2: something_else|3: something_else|4: something_else|5: 04 2021-03 = 3|6: 05 2021-03 = 3|7: 06 2021-03 = 3|8: 07 2021-03 = 3",
    ),
    "remarks on figures of an earlier day": (
        "dep;cumul;Observations\n01;3;valeur au 31/12/2020\n02;3;chiffre du 31 janvier\n03;3;population au 01/01/2018\n04;3;comité du 12 janvier\n05;3;chiffre du 31 mars\n06;3;données au 15 mars\n07;3;cumul au 31/12/2020 : 2\n",
        "2: something_else|3: something_else|4: 03 2021-03 = 3|5: 04 2021-03 = 3|6: 05 2021-03 = 3|7: something_else|8: 07 2021-03 = 3",
    ),
    "remarks on some of the towns": (
        "dep;cumul;Observations\n01;3;seulement Bourg\n02;3;uniquement à Laon\n03;3;uniquement par courriel\n04;3;Seulement ACV\n05;3;seule la DDT a répondu\n06;3;seule Bourg-en-Bresse a signé\n07;3;seul Oyonnax a répondu\n",
        "2: something_else|3: something_else|4: 03 2021-03 = 3|5: 04 2021-03 = 3|6: 05 2021-03 = 3|7: 06 2021-03 = 3|8: something_else",
    ),
    "remarks that name another programme": (
        "dep;cumul;Observations\n01;3;OPAH-RU\n02;3;OPAH-RU lancée en janvier\n03;3;hors PVD\n04;3;hors PVD et ACV\n05;3;PVD, voir note\n06;3;saisi hors délai ACV\n",
        "2: something_else|3: 02 2021-03 = 3|4: 03 2021-03 = 3|5: something_else|6: something_else|7: 06 2021-03 = 3",
    ),
    "remarks on another programme": (
        "dep;cumul;Observations\n01;3;OPAH-RU en cours\n02;3;PVD non compris\n03;3;2 OPAH-RU\n04;3;périmètre OPAH-RU\n05;3;OPAH-RU uniquement\n06;3;avec Denormandie\n07;3;chiffre OPAH-RU 2021\n",
        "2: 01 2021-03 = 3|3: 02 2021-03 = 3|4: 03 2021-03 = 3|5: something_else|6: something_else|7: something_else|8: something_else",
    ),
    "kinds of programmes": ("dep;Prog;cumul\n01;ACV;3\n02;OPAH classique;4\n", "2: 01 2021-03 = 3|3: something_else"),
    "other programmes beside": (
        "dep;Autres programmes;Outils;cumul\n01;NPNRU;ORT;3\n02;PVD;OPAH-RU, ORT;4\n03;hors délégation;;5\n",
        "2: 01 2021-03 = 3|3: 02 2021-03 = 4|4: something_else",
    ),
    "a mark with the day on which figures were taken": (
        "dep;cumul\n01;49*\n02;30 (1)\n03;4 (2)\n* dernière mise à jour le 02/04/2021;\n(1) mise à jour le 26/03/2021;\n(2) mise à jour le 02/04/2021, chiffre de février;\n",
        "2: 01 2021-03 = 49|3: something_else|4: something_else|5: note|6: note|7: note",
    ),
    "remarks on what is not all": (
        "dep;cumul;Observations\n01;3;incomplet\n02;3;données incomplètes\n03;3;temps partiel\n",
        "2: something_else|3: something_else|4: 03 2021-03 = 3",
    ),
    "remarks that name another number": (
        "dep;cumul;Observations\n01;37;44 (DDT)\n02;37;lire 5\n03;37;44 et non 37\n04;37;corrigé le 12/04 : 44\n05;37;44\n",
        "2: conflicting_values|3: conflicting_values|4: conflicting_values|5: conflicting_values|6: conflicting_values",
    ),
    "remarks that name the number, or count something else": (
        "dep;cumul;Observations\n01;37;37 (DDT)\n02;37;44 (objectif)\n03;37;37 et non 44\n04;37;corrigé le 12/04\n05;37;corrigé : 2 dossiers retirés\n06;37;44 (Loire-Atlantique)\n07;37;corrigé : +3\n08;37;régularisation 3\n",
        "2: 01 2021-03 = 37|3: 02 2021-03 = 37|4: 03 2021-03 = 37|5: 04 2021-03 = 37|6: 05 2021-03 = 37|7: 06 2021-03 = 37|8: 07 2021-03 = 37|9: 08 2021-03 = 37",
    ),
    "remarks on dossiers": (
        "dep;cumul;Observations\n01;3;Dossiers\n02;3;dossiers soldés\n03;3;compté en dossiers\n04;3;dossiers déposés\n05;3;tous dossiers\n06;3;dossier en double supprimé\n",
        "2: something_else|3: something_else|4: something_else|5: something_else|6: 05 2021-03 = 3|7: 06 2021-03 = 3",
    ),
    "remarks that deny something": (
        "dep;cumul;Observations\n01;3;aucun nouveau dossier déposé en mars\n02;3;pas de dossier depuis février\n03;3;écart nul\n04;3;non estimé\n05;3;pas aberrant\n06;3;Aucune demande\n",
        "2: 01 2021-03 = 3|3: 02 2021-03 = 3|4: 03 2021-03 = 3|5: 04 2021-03 = 3|6: 05 2021-03 = 3|7: 06 2021-03 = 3",
    ),
    "remarks that deny something else": (
        "dep;cumul;Observations\n01;3;non conventionné\n02;3;aucun dossier - estimation\n03;3;non transmis\n04;3;pas à jour\n05;3;sans les vacants\n06;3;aucune réponse, chiffre estimé\n07;3;aucune annulation déduite\n",
        "2: something_else|3: something_else|4: something_else|5: something_else|6: something_else|7: something_else|8: something_else",
    ),
    "remarks that ask for a change": (
        "dep;cumul;Observations\n01;37;ajouter 12\n02;37;doublons à retirer\n03;37;il manque 3 logements\n04;37;2 villes sur 3\n05;37;y compris le Jura\n06;37;pas de réponse\n",
        "2: something_else|3: something_else|4: something_else|5: something_else|6: something_else|7: something_else",
    ),
    "remarks that ask for none": (
        "dep;cumul;Observations\n01;37;rien à ajouter\n02;37;doublons retirés\n03;37;3 villes sur 3\n04;37;y compris Moulins\n05;37;contact non communiqué\n06;37;2 conventions sur 3 signées\n07;37;extraction Opal du 02/04\n",
        "2: 01 2021-03 = 37|3: 02 2021-03 = 37|4: 03 2021-03 = 37|5: 04 2021-03 = 37|6: 05 2021-03 = 37|7: 06 2021-03 = 37|8: 07 2021-03 = 37",
    ),
    "remarks that name the territory itself, or a town": (
        "dep;cumul;Observations\n39;37;y compris Lons-le-Saunier (Jura)\n53;37;y compris Mayenne\n37;37;y compris Tours Val de Loire\n77;37;y compris Grand Paris Sud\n42;37;y compris Roanne et le Rhône\n",
        "2: 39 2021-03 = 37|3: 53 2021-03 = 37|4: 37 2021-03 = 37|5: 77 2021-03 = 37|6: something_else",
    ),
    "remarks on tasks, and on what is signed": (
        "dep;cumul;Observations\n01;37;2 villes sur 3 ont signé leur ORT\n02;37;il manque la signature du préfet\n03;37;ajouter le contact DDT\n04;37;logements à ajouter : néant\n05;37;2 villes sur 3 ont répondu\n06;37;il manque Nice\n07;37;il manque des dossiers\n",
        "2: 01 2021-03 = 37|3: 02 2021-03 = 37|4: 03 2021-03 = 37|5: 04 2021-03 = 37|6: something_else|7: something_else|8: something_else",
    ),
    "remarks that are a month, or say what was taken of it": (
        "dep;cumul;Observations\n01;37;février\n02;37;copie de février\n03;37;reprise du chiffre précédent\n04;37;chiffre repris de février faute de réponse\n05;37;arrêté à fin février\n06;37;extraction de février\n",
        "2: something_else|3: something_else|4: something_else|5: something_else|6: something_else|7: something_else",
    ),
    "remarks that say the same of the month itself, or of another thing": (
        "dep;cumul;Observations\n01;37;mars\n02;37;extraction d'avril\n03;37;arrêté préfectoral de février\n04;37;comité en février\n05;37;travaux repris en février\n",
        "2: 01 2021-03 = 37|3: 02 2021-03 = 37|4: 03 2021-03 = 37|5: 04 2021-03 = 37|6: 05 2021-03 = 37",
    ),
    "remarks that condemn their figure": (
        "dep;cumul;Observations\n01;37;erreur\n02;37;chiffre douteux\n03;37;logements comptés deux fois\n04;37;chiffre mensuel\n05;37;mars seulement\n",
        "2: something_else|3: something_else|4: something_else|5: something_else|6: something_else",
    ),
    "remarks that condemn nothing": (
        "dep;cumul;Observations\n01;37;sans erreur\n02;37;erreur de saisie corrigée\n03;37;aucun logement compté deux fois\n04;37;suivi mensuel\n",
        "2: 01 2021-03 = 37|3: 02 2021-03 = 37|4: 03 2021-03 = 37|5: 04 2021-03 = 37",
    ),
    "remarks on what a figure lacks": (
        "dep;cumul;Observations\n01;37;Bourg uniquement\n02;37;3 logements manquants\n03;37;copros non comptées\n04;37;2 communes manquantes\n",
        "2: something_else|3: something_else|4: something_else|5: something_else",
    ),
    "remarks on what no figure lacks": (
        "dep;cumul;Observations\n01;37;Courriel uniquement\n02;37;Signature manquante\n03;37;aucun logement manquant\n04;37;caves non comptées\n",
        "2: 01 2021-03 = 37|3: 02 2021-03 = 37|4: 03 2021-03 = 37|5: 04 2021-03 = 37",
    ),
    "names with who sends them, or with Lyon": (
        "dep;nom;cumul\n01;Ain (délégataire);3\n59;Nord (DDTM);4\n67;Bas-Rhin (CeA);5\n69;Rhône (y c. Métropole);6\n",
        "2: 01 2021-03 = 3|3: 59 2021-03 = 4|4: 67 2021-03 = 5|5: 69 2021-03 = 6",
    ),
    "names with another, or without Lyon": (
        "dep;nom;cumul\n01;Ain (y compris Jura);3\n59;Nord (Aisne);4\n69;Rhône (hors Métropole);6\n03;Allier;1\n",
        "2: label_contradicts_code|3: label_contradicts_code|4: part_alone|5: 03 2021-03 = 1",
    ),
    "codes behind those who send them": ("dep;cumul\nDDT 01;3\nDDTM 59;4\n", "2: 01 2021-03 = 3|3: 59 2021-03 = 4"),
    "sentences that name another number": (
        "dep;cumul\n01;37\n77;37\n03;37\n35;37\nErratum : lire 44 pour l'Ain;\n77 : 44 et non 37;\nAllier : 44 logements;\nIlle-et-Vilaine : 2 opérations;\n",
        "2: conflicting_values|3: conflicting_values|4: conflicting_values|5: 35 2021-03 = 37|6: note|7: note|8: note|9: note",
    ),
    "sentences on figures of another month": (
        "dep;cumul\n01;3\n77;4\n03;5\n35;6\n22;7\nLe chiffre de l'Ain est celui de février;\nDépartements 77 et 03 : chiffres de février;\nDonnées de février pour la Bretagne;\n",
        "2: something_else|3: something_else|4: something_else|5: something_else|6: something_else|7: note|8: note|9: note",
    ),
    "sentences that give the figure of another month, or what it allows for": (
        "dep;cumul\n01;250\n77;450\n03;5\nRappel du chiffre de février pour l'Ain : 241;\nLe chiffre de février de la Seine-et-Marne (450);\nNB : le chiffre de l'Allier tient compte des annulations;\n",
        "2: 01 2021-03 = 250|3: something_else|4: 03 2021-03 = 5|5: note|6: note|7: note",
    ),
    "figures of those that sent none": (
        "dep;cumul\n01;3\n77;4\n03;5\nRemontées manquantes : 77, 03;\n",
        "2: 01 2021-03 = 3|3: something_else|4: something_else|5: note",
    ),
    "sentences on changes since another month": (
        "dep;cumul\n01;3\n77;4\nHausse dans l'Ain par rapport aux chiffres de février;\nDépartement 77 : chiffres de mars;\n",
        "2: 01 2021-03 = 3|3: 77 2021-03 = 4|4: note|5: note",
    ),
    "small and large corrections beside": (
        "dep;cumul;VF;V2;Validé\n01;3;5;;1\n02;30;;95;1\n03;40;40;;0\n04;50;;;\n05;60;;;\n",
        "2: conflicting_values|3: conflicting_values|4: 03 2021-03 = 40|5: 04 2021-03 = 50|6: 05 2021-03 = 60",
    ),
    "a correction with a remark": ("dep;cumul;Corrigé\n01;3;5 (DDT)\n02;30;\n03;40;\n", "refused: column_not_understood"),
    "a correction as a change": ("dep;cumul;Corrigé\n01;3;+2\n02;30;\n03;40;\n", "refused: column_not_understood"),
    "a small correction beside": ("dep;cumul;Modifié\n01;3;5\n02;30;\n03;40;\n", "refused: column_not_understood"),
    "corrections without a number": (
        "dep;cumul;Corrigé;Rectifié le;Adresse exacte\n01;3;oui;12/04/2021;3 rue Neuve\n02;30;;;\n03;40;;;\n",
        "2: 01 2021-03 = 3|3: 02 2021-03 = 30|4: 03 2021-03 = 40",
    ),
    "a code again beside a name": (
        "Code département;Département;cumul;Code INSEE\n01;Ain;3;01\n02;Aisne;4;02\n",
        "2: 01 2021-03 = 3|3: 02 2021-03 = 4",
    ),
    "another code beside a name": (
        "Code département;Département;cumul;Code INSEE\n01;Ain;3;01\n02;Aisne;4;03\n",
        "refused: duplicate_column",
    ),
    "counts of something else beside": (
        "dep;cumul;Nb délégataires;Nb conventions\n01;30;3;5\n02;40;2;3\n",
        "2: 01 2021-03 = 30|3: 02 2021-03 = 40",
    ),
    "counts of nobody knows what beside": ("dep;cumul;Nb suivis\n01;30;3\n02;40;2\n", "refused: column_not_understood"),
    "zones": (
        "dep;Zone;cumul\n01;Hors Île-de-France;492\n77;Île-de-France;30\n02;Hors Île-de-France;4\n",
        "2: 01 2021-03 = 492|3: 77 2021-03 = 30|4: 02 2021-03 = 4",
    ),
    "of the programme and not": (
        "dep;Zone;cumul\n01;Hors ACV;492\n02;ACV;30\n",
        "2: something_else|3: 02 2021-03 = 30",
    ),
    "remarks in a column of names": (
        "Département;Libellé;cumul\nAin;hors délégation;492\nAisne;;30\n",
        "2: something_else|3: 02 2021-03 = 30",
    ),
    "both parts and the whole": (
        "dep;nom;cumul\n69;Rhône;7\n69D;Nouveau Rhône;3\n69M;Métropole de Lyon;4\n",
        "2: 69 2021-03 = 7|3: part_of_figure|4: part_of_figure",
    ),
    "a pivot table with blank labels": (
        "Département;Bénéficiaires;cumul\nAin;PO;3\n;PB;4\nAisne;PO;1\n;PB;1\n",
        "2: 01 2021-03 = 7|3: added_up|4: 02 2021-03 = 2|5: added_up",
    ),
    "a pivot table with totals below": (
        "Département;Bénéficiaires;cumul\nAin;PO;3\n;PB;4\nTotal Ain;;7\n",
        "2: part_of_figure|3: part_of_figure|4: 01 2021-03 = 7",
    ),
    "a pivot table with totals above": (
        "Département;Bénéficiaires;cumul\nAin;;7\n;PO;3\n;PB;4\n",
        "2: 01 2021-03 = 7|3: part_of_figure|4: part_of_figure",
    ),
    "a code that was lost": ("dep;cumul\n01;3\n;4\n03;5\n", "2: 01 2021-03 = 3|3: no_department|4: 03 2021-03 = 5"),
    "a form's own number of the indicator": (
        "identifiant_indic;zone_id;valeur\nIND-042;D01;3\n",
        "2: 01 2021-03 = 3",
    ),
    "several of them": (
        "identifiant_indic;zone_id;valeur\nIND-042;D01;3\nIND-043;D01;4\n",
        "2: no_indicator|3: no_indicator",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("names", "parts", "wrong"),
    [
        ("PO;PB", "3;4", ["12: conflicting_values"]),
        ("Lot A;Lot B", "3;4", ["12: conflicting_values"]),
        ("PO;PB", "1;1", []),  # others may be missing in every sum
    ],
)
def test_parts_that_add_up_in_nearly_all_rows_add_up_in_each(
    names: str, parts: str, wrong: list[str], tmp_path: Path, contract: Contract
) -> None:
    rows = [f"{code:02};{parts};7" for code in range(1, 11)]
    path = tmp_path / "acv-2021-03.csv"
    path.write_text("\n".join([f"dep;{names};Total", *rows, "11;3;4;9"]))
    *figures, last = outcome(path, contract)
    assert figures == [f"{code + 1}: {code:02} 2021-03 = 7" for code in range(1, 11)]
    assert last == (wrong or ["12: 11 2021-03 = 9"])[0]


@pytest.mark.parametrize("case", TABLES)
def test_columns_and_parts(case: str, tmp_path: Path, contract: Contract) -> None:
    content, expected = TABLES[case]
    path = tmp_path / "acv-2021-03.csv"
    path.write_text(content)
    assert outcome(path, contract) == expected.split("|")


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("N.B. le chiffre du Rhône n'est pas définitif", True),
        ("Rhône : chiffre provisoire", True),
        ("N.B. le chiffre du Rhône n'est plus provisoire", False),
    ],
)
def test_a_figure_that_a_note_says_may_change_is_provisional(
    note: str, told: bool, tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv-2021-03.csv"
    path.write_text(f"dep;cumul\n69;3\n01;4\n{note};\n")
    assert outcome(path, contract)[:2] == ["2: 69 2021-03 = 3", "3: 01 2021-03 = 4"]
    assert len(read(path, contract).remarks) == told


def test_a_part_whose_name_ends_in_a_question_mark_is_told_as_any_other(
    tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv-2021-03.csv"
    path.write_text("dep;Filière;cumul\n01;A;3\n01;B ?;4\n")
    reasons = read(path, contract).records["reason"].tolist()
    assert ["(A)" in reasons[0], "(B ?)" in reasons[1]] == [True, True]


FILE_NAMES = {
    "ACV_2021-03_annule_et_remplace.csv": ["2: 01 2021-03 = 30"],
    "reponse_demande_ACV_2021-03.csv": ["2: 01 2021-03 = 30"],
    "test ACV 2021-03.csv": ["2: 01 2021-03 = 30"],
    "ACV_annulés_2021-03.csv": ["refused: other_subject"],
    "ACV_logements_vacants_2021-03.csv": ["refused: other_subject"],
    "ACV_montants_2021-03.csv": ["refused: other_subject"],
    "ACV_2021-03_en_€.csv": ["refused: other_subject"],
    "ACV_2021-03_ne_pas_utiliser.csv": ["refused: other_subject"],
    "ACV_ancienne_version_2021-03.csv": ["refused: other_subject"],
    "ACV_2021-03_caduc.csv": ["refused: other_subject"],
    "ACV_logements_anciens_2021-03.csv": ["2: 01 2021-03 = 30"],
    "ACV_2021-03_ancien_format.csv": ["2: 01 2021-03 = 30"],
    "ACV_2021-03_archive.csv": ["2: 01 2021-03 = 30"],
    "ACV_brouillon_2021-03.csv": ["2: 01 2021-03 = 30"],
    "ACV_2021-03_annule-et-remplace.csv": ["2: 01 2021-03 = 30"],
    "acv-2021-03_FAUX.csv": ["refused: other_subject"],
    "acv-2021-03_KO.csv": ["refused: other_subject"],
    "acv-2021-03_ERREUR_v2.csv": ["refused: other_subject"],
    "acv-2021-03_NE_PAS_UTILISER.csv": ["refused: other_subject"],
    "OLD_acv-2021-03.csv": ["refused: other_subject"],
    "acv-2021-03_hors_delegation.csv": ["refused: other_subject"],
    "acv-2021-03_Anah_hors_AL.csv": ["2: 01 2021-03 = 30"],
    "acv-2021-03_hors-delai.csv": ["2: 01 2021-03 = 30"],
    "acv-2021-03_old.csv": ["refused: other_subject"],
    "acv-2021-03_ok.csv": ["2: 01 2021-03 = 30"],
    "acv-2021-03_v2.csv": ["2: 01 2021-03 = 30"],
    "acv-2021-03_chiffres_fevrier.csv": ["refused: other_subject"],
    "acv-2021-03_chiffres_mars.csv": ["2: 01 2021-03 = 30"],
    "acv-2021-03_donnees_de_janvier_a_mars.csv": ["2: 01 2021-03 = 30"],
    "acv-2021-03_Anah+AL.csv": ["refused: other_subject"],
    "acv-2021-03_Anah_AL.csv": ["2: 01 2021-03 = 30"],
    "acv-2021-03_corrige.csv": ["2: 01 2021-03 = 30"],
    "acv-2021-03_erreur_corrigee.csv": ["2: 01 2021-03 = 30"],
}


@pytest.mark.parametrize("name", FILE_NAMES)
def test_file_names(name: str, tmp_path: Path, contract: Contract) -> None:
    path = tmp_path / name
    path.write_text("dep;cumul\n01;30\n")
    assert outcome(path, contract) == FILE_NAMES[name]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("À ne plus utiliser", False),
        ("Ne pas prendre en compte", False),
        ("Version caduque", False),
        ("Le fichier du 2 avril est périmé", False),
        ("Données de mars 2021 obsolètes", False),
        ("Ce fichier est remplacé par celui du 8", False),
        ("Tableau erroné, un correctif suivra", False),
        ("Chiffres erronés, une correction suivra", False),
        ("Chiffres faux", False),
        ("Chiffres erronés corrigés", True),
        ("Remplace le fichier erroné", True),
        ("Source : archives Anah", True),
        ("Ancien code 20 : voir 2A et 2B", True),
        ("Codes obsolètes convertis", True),
        ("Le 20 est remplacé par 2A et 2B", True),
        ("Ancien périmètre : voir le nouveau", True),
        ("Envoi du 2 remplacé par ce fichier", True),
        ("Données incomplètes", False),
        ("Attention : chiffres encore partiels au 31 mars 2021", False),
        ("ACV : données provisoires, incomplètes", False),
        ("Données complètes", True),
        ("Liste des données incomplètes corrigées", True),
        ("Données incomplètes signalées par *", True),
        ("Données partielles (Oise à venir)", False),
        ("En rouge : données incomplètes", False),
    ],
)
def test_a_heading_or_a_note_says_that_a_file_does_not_count(
    text: str, counts: bool, tmp_path: Path, contract: Contract
) -> None:
    assert above_and_below(text, tmp_path, contract) == [counts, counts]


def test_typed_numbers_keep_their_decimals(tmp_path: Path, contract: Contract) -> None:
    rows: Rows = [
        ["dep", "cumul"],
        ["01", 12.375],
        ["02", 8.25],
        ["03", "1.234,0"],
        ["04", 56.99999999999999],
    ]
    path = write_workbook(tmp_path / "acv-2021-03.xlsx", {"F": rows})
    assert outcome(path, contract) == [
        "2: non_integer",
        "3: non_integer",
        "4: 03 2021-03 = 1234",
        "5: 04 2021-03 = 57",
    ]


def test_serial_numbers_follow_the_epoch_of_the_workbook(
    tmp_path: Path, contract: Contract
) -> None:
    serial = (dt.date(2021, 3, 31) - dt.date(1904, 1, 1)).days
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    for row in (["dep", "mois", "cumul"], ["01", serial, 3]):
        book.active.append(row)
    path = tmp_path / "acv.xlsx"
    book.save(path)
    assert outcome(path, contract) == ["2: 01 2021-03 = 3"]


FIGURES: Rows = [["01", 30], ["02", 40], ["03", 50]]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["Département", "Réf"], *FIGURES], "sheet_not_understood"),
        ([["Département", "Valeur DDT"], ["01", 31]], None),
        (
            [["Département", "Valeur DDT"], ["01", 31], ["02", 40], ["03", 50]],
            "sheet_not_understood",
        ),
        ([["Département", "Objectif 2022"], *FIGURES], None),
        ([["Code", "Préfecture"], ["01", "Bourg"], ["02", "Laon"], ["03", "Moulins"]], None),
        ([["Contact", "le service"]], None),
    ],
)
def test_a_sheet_that_is_not_read_is_named_or_stops_the_delivery(
    rows: Rows, expected: str | None, tmp_path: Path, contract: Contract
) -> None:
    sheets: dict[str, Rows] = {"mars 2021": [["Département", "Cumul"], *FIGURES], "Autre": rows}
    path = write_workbook(tmp_path / "acv.xlsx", sheets)
    if expected:
        with pytest.raises(DeliveryRefused, match="sheet Autre") as refused:
            read(path, contract)
        assert refused.value.reason_code == expected
        return
    account = {entry["sheet"]: entry for entry in read(path, contract).account}
    assert account["mars 2021"]["used"] and not account["Autre"]["used"]
    assert account["Autre"]["why"]


@pytest.mark.parametrize(
    ("name", "lines", "counts"),
    [
        ("Notice", [["Ne pas utiliser ce fichier"]], False),
        ("Notice", [["Chiffres en milliers"]], False),
        ("Lisez-moi", [["Les chiffres sont des flux mensuels."]], False),
        ("Lisez-moi", [["Les données sont celles de février."]], False),
        ("Notice", [["Ne pas utiliser ce fichier avec Excel 2003"]], True),
        ("Notice", [["Feuille à supprimer"]], True),
        ("Notice", [["Flux", "logements du mois"]], True),
        ("Lisez-moi", [["Les données sont celles de mars."], ["Pas de flux mensuels."]], True),
        ("Historique", [["Les données sont celles de février."]], True),
    ],
)
def test_a_sheet_of_words_says_of_all_figures_what_they_are(
    name: str, lines: Rows, counts: bool, tmp_path: Path, contract: Contract
) -> None:
    sheets: dict[str, Rows] = {name: lines, "Feuil1": [["Département", "Cumul"], *FIGURES]}
    found = outcome(write_workbook(tmp_path / "acv-2021-03.xlsx", sheets), contract)
    assert ("refused: other_subject" in found) != counts


def test_the_account_names_every_column_with_its_role(tmp_path: Path, contract: Contract) -> None:
    path = tmp_path / "acv-2021-03.csv"
    path.write_text("dep;cumul;Objectif 2022;Préfecture\n01;30;60;Bourg\n02;40;80;Laon\n")
    (sheet,) = read(path, contract).account
    assert [(c["column"], c["header"], c["role"], c["used"], c["numbers"]) for c in sheet["columns"]] == [
        ("A", "dep", "department_code", True, 2),
        ("B", "cumul", "cumulative", True, 2),
        ("C", "Objectif 2022", "other_quantity", False, 2),
        ("D", "Préfecture", "text", False, 0),
    ]  # fmt: skip
    assert sheet["columns"][2]["why"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("acv-2021-02.csv", "2: 01 2021-01 = 1"), ("acv-2021-03.csv", "refused: month_contradiction")],
)
def test_several_months_are_held_against_the_name(
    name: str, expected: str, tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / name
    path.write_text("dep;mois;cumul\n01;2021-01;1\n01;2021-02;2\n")
    assert outcome(path, contract)[0] == expected


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Chiffres de février", False),
        ("Les chiffres sont ceux de février", False),
        ("Cumul depuis le 1er janvier 2021", False),
        ("Cumul depuis le 1er janvier 2018", True),
        ("Nouvelle équipe depuis le 1er janvier 2021", True),
        ("Extraction d'avril", True),
        ("Les chiffres de février ont été corrigés", True),
    ],
)
def test_a_note_says_that_figures_are_those_of_less(
    text: str, counts: bool, tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv-2021-03.csv"
    path.write_text(f"dep;cumul\n01;30\n{text};\n")
    expected = ["2: 01 2021-03 = 30", "3: note"] if counts else ["refused: other_subject"]
    assert outcome(path, contract) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Chiffres de février", ["refused: month_contradiction"]),
        ("Total des deux partenaires", ["refused: other_subject"]),
        ("Total de l'Anah, sans ceux des partenaires", ["3: 01 2021-03 = 30"]),
    ],
)
def test_a_title_of_another_month_or_of_all_partners(
    title: str, expected: list[str], tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv-2021-03.csv"
    path.write_text(f"{title};\ndep;cumul\n01;30\n")
    assert outcome(path, contract) == expected


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Hors délégations de compétence", False),
        ("Logements ACV (hors Métropole de Lyon)", False),
        ("Champ : hors délégations", False),
        ("Situation à fin mars 2021, hors Corse", False),
        ("Communes ORT uniquement", False),
        ("France métropolitaine uniquement", False),
        ("Engagements du mois", False),
        ("Nouveaux logements du mois", False),
        ("Flux mensuel, pas de cumul", False),
        ("Logements annulés", False),
        ("Cumul, et non flux mensuel", True),
        ("Net des annulations", True),
        ("Projets abandonnés déduits", True),
        ("Les dossiers annulés ne sont pas comptés", True),
        ("Logements du mois de mars", True),
        ("Y compris les engagements du mois", True),
        ("Chiffres de mars", True),
        ("Communes ACV uniquement", True),
        ("Chiffres arrondis à la dizaine", False),
        ("Données arrondies", False),
        ("Logements Anah + Action Logement", False),
        ("Y compris Action Logement", False),
        ("Logements financés (hors annulations)", True),
        ("Chiffres arrondis à l'unité", True),
        ("Écarts possibles en raison des arrondis", True),
        ("Source : Anah et Action Logement", True),
        ("Hors Action Logement", True),
        ("Suivi de la convention Anah-Action Logement", True),
        ("ACV hors PVD", True),
        ("Données hors secret statistique", True),
        ("Envoi hors délai", True),
        ("nd : hors champ", True),
        ("Hors dossiers en cours d'instruction", True),
        ("Cumul et non flux du mois", True),
        ("Ne pas saisir les dossiers annulés", True),
        ("Logements engagés, nets des annulations", True),
        ("Ne pas cumuler : flux mensuels", False),
        ("Hors dispositif Denormandie", True),
        ("Hors départements sans ville ACV", True),
        ("Sans ville ACV : la Creuse", True),
        ("Hors départements sans délégation", False),
        ("Hors délégations (étude en cours)", False),
        ("Hors délégation AL", False),
    ],
)
def test_a_heading_or_a_note_leaves_out_some_of_all(
    text: str, counts: bool, tmp_path: Path, contract: Contract
) -> None:
    assert above_and_below(text, tmp_path, contract) == [counts, counts]


def test_the_title_of_a_second_table_is_no_note_on_the_first(
    tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv.csv"
    first, second = "À fin février 2021;\ndep;cumul\n01;30\n", "À fin mars 2021;\n"
    path.write_text(f"{first};\n{second}dep;cumul\n01;34\n")
    *_, february, march = (line for line in outcome(path, contract) if "=" in line)
    assert (february[3:], march[3:]) == ("01 2021-02 = 30", "01 2021-03 = 34")
    path.write_text(f"{first}{second};\ndep;cumul\n01;34\n")
    assert outcome(path, contract) == ["refused: month_contradiction"]


@pytest.mark.parametrize("title", ["Mois de février", "Bilan 2020", "Mois;février"])
def test_a_heading_with_a_bare_month_or_year_is_held_against_the_figures(
    title: str, tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv-2021-03.csv"
    path.write_text(f"{title};\ndep;cumul\n01;1\n")
    assert outcome(path, contract) == ["refused: month_contradiction"]
    path.write_text("Mois de mars;\nBilan 2021;\ndep;cumul\n01;1\n")
    assert outcome(path, contract) == ["4: 01 2021-03 = 1"]


def test_a_sheet_that_is_passed_over_is_told_with_its_numbers(
    tmp_path: Path, contract: Contract
) -> None:
    sheets: dict[str, Rows] = {
        "mars 2021": [["Département", "Cumul"], *FIGURES],
        "Brouillon": [["Département", "Cumul"], *FIGURES],
    }
    delivery = read(write_workbook(tmp_path / "acv.xlsx", sheets), contract)
    (unused,) = unused_parts(delivery.account)
    assert (unused.sheet, unused.numbers) == ("Brouillon", 3)


def test_lists_of_words_may_be_empty(tmp_path: Path, contract: Contract) -> None:
    empty = {"provisional_marks": [], "discarded_sheets": [], "part_names": {}}
    bare = contract.model_copy(update=empty | {"correction_words": []})
    path = tmp_path / "acv-2021-03.csv"
    path.write_text("dep;cumul\n01;12\n")
    assert outcome(path, bare) == ["2: 01 2021-03 = 12"]


def test_a_heading_about_another_programme(tmp_path: Path, contract: Contract) -> None:
    path = tmp_path / "anah-2021-03.csv"
    path.write_text("Denormandie;\ndep;cumul\n01;30\n")
    assert outcome(path, contract) == ["refused: other_indicator"]
    path.write_text("ACV et Denormandie;\ndep;cumul\n01;30\n")
    assert outcome(path, contract) == ["3: 01 2021-03 = 30"]


@pytest.mark.parametrize(
    ("remark", "counts"),
    [
        ("estimé", False),
        ("chiffre erroné", False),
        ("objectif 2021", False),
        ("hors délégation", False),
        ("objectif vu avec la DDT", True),
        ("taux atteint", True),
        ("confirmé", True),
    ],
)
def test_of_as_many_remarks_as_rows_each_may_say_that_its_row_is_no_figure(
    remark: str, counts: bool, tmp_path: Path, contract: Contract
) -> None:
    codes = list(contract.territories.departments)[:20]
    lines = [f"{code};1;{remark if code == '01' else f'vu le {code} avril'}" for code in codes]
    path = tmp_path / "acv-2021-03.csv"
    path.write_text("\n".join(["dep;cumul;Observations", *lines]) + "\n")
    found = outcome(path, contract, received_on=RECEIVED)
    assert (READ.format(row=2) in found) == counts
