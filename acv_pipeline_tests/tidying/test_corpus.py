"""Small delivered files of every kind, each with the exact rows, reasons or refusal expected."""

# ruff: noqa: E501, SIM905 - a case is easier to read on one line

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.tidying import DeliveryRefused, tidy
from acv_pipeline_tests.tidying.outcomes import outcome

# name of the case: (file name, content, lines expected)
TEXTS: dict[str, tuple[str, str, str]] = {
    # formats and layouts
    "semicolons": (
        "acv-2021-03.csv",
        "dep;cumul\n01;353\n2A;12\n",
        "2: 01 2021-03 = 353|3: 2A 2021-03 = 12",
    ),
    "commas": ("a.csv", "dep,mois,cumul\n01,2021-03-31,353\n", "2: 01 2021-03 = 353"),
    "tabs": ("a.csv", "dep\tmois\tcumul\n01\t2021-03-31\t353\n", "2: 01 2021-03 = 353"),
    "pipes": ("a.csv", "dep|mois|cumul\n01|2021-03-31|353\n", "2: 01 2021-03 = 353"),
    "decimal comma in semicolons": (
        "a.csv",
        "dep;mois;cumul\n01;2021-03-31;353,0\n02;2021-03-31;1234,0\n",
        "2: 01 2021-03 = 353|3: 02 2021-03 = 1234",
    ),
    "excel hint": ("acv-2021-03.csv", "sep=;\ndep;cumul\n01;353\n", "3: 01 2021-03 = 353"),
    "quotes and line ends in cells": (
        "acv-2021-03.csv",
        'dep;"nb logements\n(cumul)";commentaire\r\n01;"353";"dit ""oui"";\nvoilà"\r\n02;4;\r\n',
        "2: 01 2021-03 = 353|3: 02 2021-03 = 4",
    ),
    "ragged lines": (
        "acv-2021-03.csv",
        "dep;cumul;commentaire\n01;353\n02;4;x;y;z\n03;5;\n04;6;x;;\n05\n",
        "2: 01 2021-03 = 353|3: misaligned_row|4: 03 2021-03 = 5|5: 04 2021-03 = 6|6: misaligned_row",
    ),
    "a separator lost": (
        "acv.csv",
        "dep;2021-01;2021-02;2021-03\n01;3;4;5\n02;34;5\n",
        "1: 01 2021-01 = 3|2: 01 2021-02 = 4|3: 01 2021-03 = 5|4: misaligned_row|5: misaligned_row|6: misaligned_row",
    ),
    "thousands cut by the separator": (
        "acv-2021-03.csv",
        "dep,cumul\n01,353\n02,1,234\n",
        "2: 01 2021-03 = 353|3: misaligned_row",
    ),
    "old line ends": (
        "acv-2021-03.csv",
        "dep;cumul\r01;353\r02;4",
        "2: 01 2021-03 = 353|3: 02 2021-03 = 4",
    ),
    "text marks of excel": (
        "acv-2021-03.csv",
        'dep;cumul\n="01";="353"\n\'02;\'4\n',
        "2: 01 2021-03 = 353|3: 02 2021-03 = 4",
    ),
    "title above, blanks and notes below": (
        "a.csv",
        "Anah - Action cœur de ville;;\nSituation au 31/03/2021;;\n;;\ndep;nom;cumul\n01;Ain;353\n;;\n"
        "02;Aisne;4\nSource : Anah;;\n;;\n;;\n",
        "5: 01 2021-03 = 353|6: blank_row|7: 02 2021-03 = 4|8: note",
    ),
    "four metadata lines, decimal comma": (
        "a.csv",
        "Indicateur;nb logements\nProducteur;Anah\nFréquence;mensuelle\nUnité;logements\n"
        "Code dépt;Arrêté au;Total cumulé\n1;31/03/2021;353,0\n",
        "6: 01 2021-03 = 353",
    ),
    "tables one below the other": (
        "acv-et-pvd-2021-03.csv",
        "Action cœur de ville;\ndep;cumul\n01;353\n02;4\n;\nPetites villes de demain;\ndep;cumul\n01;7\n",
        "1: 01 2021-03 = 353|2: 02 2021-03 = 4|3: blank_row|4: note|5: repeated_header|6: PVD 01 2021-03 = 7",
    ),
    "header again": (
        "acv-2021-03.csv",
        "dep;cumul\n01;353\ndep;cumul\n02;4\n",
        "1: 01 2021-03 = 353|2: repeated_header|3: 02 2021-03 = 4",
    ),
    "one column per month": (
        "acv.csv",
        "Département;janv-21;févr-21\nAin;12;13\n02 - Aisne;1;nd\n",
        "1: 01 2021-01 = 12|2: 01 2021-02 = 13|3: 02 2021-01 = 1|4: no_figure_not_available",
    ),
    "month in the only header": (
        "acv.csv",
        "dep;Cumul au 31/03/2021\n01;12\n",
        "2: 01 2021-03 = 12",
    ),
    "several months down": (
        "acv.csv",
        "dep;mois;cumul\n01;2021-01-31;12\n01;2021-02-28;13\n",
        "2: 01 2021-01 = 12|3: 01 2021-02 = 13",
    ),
    # headers
    "headers in capitals with spaces": (
        "a.csv",
        " CODE  DÉPARTEMENT ;Libellé Département;DATE; Nombre de Logements (Cumul)\n01;Ain;2021-03;353\n",
        "2: 01 2021-03 = 353",
    ),
    "no header": ("acv-2021-03.csv", "01;353\n02;4\n", "refused: no_header"),
    "no département column": (
        "acv-2021-03.csv",
        "mois;cumul\n2021-03;4\n",
        "refused: no_department_column",
    ),
    "no value column": ("acv-2021-03.csv", "dep;mois\n01;2021-03\n", "refused: no_value_column"),
    "same meaning twice, different": (
        "acv-2021-03.csv",
        "dep;cumul;valeur\n01;3;4\n",
        "refused: duplicate_column",
    ),
    "same meaning twice, identical": (
        "acv-2021-03.csv",
        "dep;cumul;valeur\n01;3;3\n",
        "2: 01 2021-03 = 3",
    ),
    "code beside a column of names": (
        "acv-2021-03.csv",
        "Code;Département;Cumul\n01;Ain;3\n02;Somme;4\n",
        "2: 01 2021-03 = 3|3: label_contradicts_code",
    ),
    "months and a cumulative column": (
        "acv.csv",
        "dep;janv-21;févr-21;cumul\n01;3;4;7\n",
        "refused: ambiguous_value_column",
    ),
    "header only": ("acv-2021-03.csv", "dep;cumul\n", "refused: no_rows"),
    # départements
    "codes of all kinds": (
        "acv-2021-03.csv",
        "dep;cumul\n1;1\n02;2\n3.0;3\nD04;4\nDEPT-05;5\nFR-06;6\n2a;7\n20B;8\n971;9\n07 - Ardèche;10\n"
        "Aube (10);11\n",
        "2: 01 2021-03 = 1|3: 02 2021-03 = 2|4: 03 2021-03 = 3|5: 04 2021-03 = 4|6: 05 2021-03 = 5|"
        "7: 06 2021-03 = 6|8: 2A 2021-03 = 7|9: 2B 2021-03 = 8|10: 971 2021-03 = 9|"
        "11: 07 2021-03 = 10|12: 10 2021-03 = 11",
    ),
    "names alone": (
        "acv-2021-03.csv",
        "Département;Cumul\nAin;1\nCôte d'Armor;2\nREUNION;3\nCOTES D ARMOR;4\nSeine-St-Denis;5\nLoire;6\n"
        "Haute Loire;7\nHte-Garonne;8\nVal d’Oise;9\n",
        "2: 01 2021-03 = 1|3: unknown_department|4: 974 2021-03 = 3|5: 22 2021-03 = 4|6: 93 2021-03 = 5|"
        "7: 42 2021-03 = 6|8: 43 2021-03 = 7|9: 31 2021-03 = 8|10: 95 2021-03 = 9",
    ),
    "padded to three digits": (
        "acv-2021-03.csv",
        "dep;cumul\n001;1\n010;2\n02A;3\n971;4\n",
        "2: 01 2021-03 = 1|3: 10 2021-03 = 2|4: 2A 2021-03 = 3|5: 971 2021-03 = 4",
    ),
    "tax office codes": (
        "acv-2021-03.csv",
        "dep;cumul\n010;1\n020;2\n",
        "2: unknown_department|3: unknown_department",
    ),
    "unknown codes": (
        "acv-2021-03.csv",
        "dep;cumul\n975;1\n988;2\nZZ;3\n99;4\n20;5\n1O;6\n;7\n01053;8\n",
        "2: unknown_department|3: unknown_department|4: unknown_department|5: unknown_department|"
        "6: unknown_department|7: unknown_department|8: no_department|9: unknown_department",
    ),
    "name against code": (
        "acv-2021-03.csv",
        "dep;nom;cumul\n01;Aisne;1\n02;Aisne;2\n03;;3\n04;Alpes de Haute Provence;4\n05;Haute-Alpes;5\n",
        "2: label_contradicts_code|3: 02 2021-03 = 2|4: 03 2021-03 = 3|5: 04 2021-03 = 4|6: label_contradicts_code",
    ),
    "a name column of something else": (
        "acv-2021-03.csv",
        "dep;nom;cumul\n01;Dupont;1\n02;Durand;2\n",
        "2: 01 2021-03 = 1|3: 02 2021-03 = 2",
    ),
    "lost accents": (
        "acv-2021-03.csv",
        "dep;nom;cumul\n26;Dr?me;1\n01;Ain;2\n",
        "2: 26 2021-03 = 1|3: 01 2021-03 = 2",
    ),
    # regions
    "regions by header": (
        "acv-2021-03.csv",
        "code_region;cumul\n11;1\n84;2\n",
        "refused: regional_file",
    ),
    "regions by name under a département header": (
        "acv-2021-03.csv",
        "code;nom;cumul\n84;Auvergne Rhône Alpes;1\n53;Bretagne;2\n11;Île-de-France;3\n",
        "refused: regional_file",
    ),
    "regions by their codes": (
        "acv-2021-03.csv",
        "dep;cumul\n"
        + "".join(f"{c};1\n" for c in "11 24 27 28 32 44 52 53 75 76 84 93 94".split()),
        "refused: regional_file",
    ),
    "regions by their codes, with a total": (
        "acv-2021-03.csv",
        "dep;cumul\n"
        + "".join(
            f"{c};1\n"
            for c in "11 24 27 28 32 44 52 53 75 76 84 93 94 01 02 03 04 06 Total".split()
        ),
        "refused: regional_file",
    ),
    "national figures only": (
        "a.csv",
        "id_indicateur;maille_geographique;date;valeur\nnb-logement-accompagnement;national;2021-03-31;3\n",
        "refused: national_file",
    ),
    "totals in any column": (
        "acv-2021-03.csv",
        "Région;Département;Cumul\nBretagne;Finistère;3\nTotal Bretagne;;3\nOccitanie;;2\nTotal;;5\n",
        "2: 29 2021-03 = 3|3: stated_subtotal|4: stated_subtotal|5: stated_total",
    ),
    "neither a département nor a subtotal": (
        "acv-2021-03.csv",
        "dep;cumul\n69;3\n69M;1\nMétropole de Lyon;4\nCorse;5\n",
        "2: part_alone|3: part_alone|4: part_alone|5: stated_subtotal",
    ),
    "zones with a letter": (
        "acv-2021-03.csv",
        "Zone;Valeur\nD01;3\nR84;3\nFRANCE;3\n",
        "2: 01 2021-03 = 3|3: stated_subtotal|4: stated_total",
    ),
    "regional subtotals between départements": (
        "acv-2021-03.csv",
        "dep;nom;cumul\n22;Côtes-d'Armor;1\n29;Finistère;2\n;Bretagne;3\n;Total Bretagne;3\n53;Bretagne;3\n53;Mayenne;4\nR53;;3\n",
        "2: 22 2021-03 = 1|3: 29 2021-03 = 2|4: stated_subtotal|5: stated_subtotal|6: stated_subtotal|"
        "7: 53 2021-03 = 4|8: stated_subtotal",
    ),
    # months
    "months of all kinds": (
        "acv.csv",
        "dep;mois;cumul\n01;2021-03-31;1\n02;2021-03;2\n03;2021-03-01;3\n04;31/03/2021;4\n05;03/2021;5\n"
        "06;mars 2021;6\n07;mars-21;7\n08;2021-T1;8\n09;44286;9\n10;2021-03-31 00:00:00;10\n11;T1 2021;11\n"
        "12;1er trimestre 2021;12\n13;31.03.2021;13\n14;202103;14\n15;20210331;15\n16;31 mars 2021;16\n"
        "17;Mars 2021;17\n18;44286.0;18\n19;2021-03-31T00:00:00Z;19\n2A;01/03/21;20\n2B;fin mars 2021;21\n"
        "22;2021M03;22\n23;2021-02-28T23:00:00Z;23\n",
        "|".join(
            f"{row}: {code} 2021-03 = {row - 1}"
            for row, code in enumerate(
                "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 2A 2B 22 23".split(),
                start=2,
            )
        ),
    ),
    "impossible and unclear dates": (
        "acv.csv",
        "dep;mois;cumul\n01;2023-06-31;1\n02;2021-03-17;2\n03;indefini;3\n04;;4\n05;31/02/2021;5\n"
        "06;2021-13-01;6\n07;2021-03-31;7\n08;2021-02-28;8\n",
        "2: impossible_date|3: mid_month_date|4: month_not_understood|5: no_month_in_row|6: impossible_date|"
        "7: impossible_date|8: 07 2021-03 = 7|9: 08 2021-02 = 8",
    ),
    "american order proven": (
        "acv.csv",
        "dep;mois;cumul\n01;3/31/2021;1\n02;03/01/2021;2\n",
        "2: 01 2021-03 = 1|3: 02 2021-03 = 2",
    ),
    "order not proven": (
        "acv.csv",
        "dep;mois;cumul\n01;12/01/2021;1\n02;01/02/2021;2\n",
        "2: ambiguous_date|3: 02 2021-02 = 2",
    ),
    "both orders in a column": (
        "acv.csv",
        "dep;mois;cumul\n01;31/03/2021;1\n02;3/31/2021;2\n03;01/03/2021;3\n",
        "2: 01 2021-03 = 1|3: 02 2021-03 = 2|4: ambiguous_date",
    ),
    "dates dragged by days": (
        "acv.csv",
        "dep;mois;cumul\n01;31/03/2021;1\n02;01/04/2021;2\n03;02/04/2021;3\n04;03/04/2021;4\n",
        "2: dragged_date|3: dragged_date|4: dragged_date|5: dragged_date",
    ),
    "dates dragged by months": (
        "acv.csv",
        "dep;mois;cumul\n" + "".join(f"{n:02};2021-{n:02};{n}\n" for n in range(1, 11)),
        "|".join(f"{n + 1}: dragged_date" for n in range(1, 11)),
    ),
    "quarters and years in columns": (
        "acv.csv",
        "dep;trimestre;année;cumul\n01;1;2021;1\n02;T1;2021;2\n03;2;2021;3\n",
        "2: 01 2021-03 = 1|3: 02 2021-03 = 2|4: 03 2021-06 = 3",
    ),
    "months in words of all kinds": (
        "acv.csv",
        "dep;Date;cumul\n01;31-mars-21;1\n02;31-Mar-2021;2\n03;Mar 31, 2021;3\n04;2021/03/31;4\n05;au 31/03/2021;5\n"
        "06;MARS 2021;6\n07;févr. 2021;7\n08;août 2021;8\n09;1er mars 2021;9\n",
        "2: 01 2021-03 = 1|3: 02 2021-03 = 2|4: 03 2021-03 = 3|5: 04 2021-03 = 4|6: 05 2021-03 = 5|"
        "7: 06 2021-03 = 6|8: 07 2021-02 = 7|9: 08 2021-08 = 8|10: 09 2021-03 = 9",
    ),
    "month on a line like a header": (
        "acv.csv",
        "Période;mars 2021\nDépartement;Cumul\n01;3\n",
        "3: 01 2021-03 = 3",
    ),
    "notes cut by the separator": (
        "acv-2021-03.csv",
        'dep,cumul\n01,3\n"Source : Anah",\nSource : Anah, traitement du service\n',
        "2: 01 2021-03 = 3|3: note|4: note",
    ),
    "lines quoted whole": (
        "acv-2021-03.csv",
        '"dep;cumul"\n"01;3"\n"02;4"\n',
        "2: 01 2021-03 = 3|3: 02 2021-03 = 4",
    ),
    "a year column": (
        "acv.csv",
        "dep;année;mois;cumul\n01;2021;3;1\n02;2021;mars;2\n",
        "2: 01 2021-03 = 1|3: 02 2021-03 = 2",
    ),
    "before the first month": (
        "acv.csv",
        "dep;mois;cumul\n01;2018-08;1\n01;2018-09;1\n",
        "2: before_first_month|3: 01 2018-09 = 1",
    ),
    "month in the title": (
        "acv.csv",
        "Cumul depuis janvier 2018, à fin mars 2021;\ndep;cumul\n01;1\n",
        "3: 01 2021-03 = 1",
    ),
    "month in the name, words": (
        "ACV_logements_mars 2021.csv",
        "dep;cumul\n01;1\n",
        "2: 01 2021-03 = 1",
    ),
    "month in the name, digits": ("ACV032021_v2.csv", "dep;cumul\n01;1\n", "2: 01 2021-03 = 1"),
    "month in the name, last day": ("acv_20210331.csv", "dep;cumul\n01;1\n", "2: 01 2021-03 = 1"),
    "month in the name beside a day of sending": (
        "acv 2021-03 envoi 05-04-2021.csv",
        "dep;cumul\n01;1\n",
        "2: 01 2021-03 = 1",
    ),
    "last day beside a day of sending": (
        "acv_31-03-2021_20210405.csv",
        "dep;cumul\n01;1\n",
        "2: 01 2021-03 = 1",
    ),
    "only a day of sending in the name": (
        "acv_20210405.csv",
        "dep;cumul\n01;1\n",
        "refused: no_month",
    ),
    "several months in the name": (
        "acv 2021-02 2021-03.csv",
        "dep;cumul\n01;1\n",
        "refused: ambiguous_month",
    ),
    "no month": ("acv.csv", "dep;cumul\n01;1\n", "refused: no_month"),
    "name against column": (
        "acv-2021-04.csv",
        "dep;mois;cumul\n01;2021-03;1\n",
        "refused: month_contradiction",
    ),
    "title against column": (
        "acv.csv",
        "Mars 2021;;\ndep;mois;cumul\n01;2021-02;1\n",
        "refused: month_contradiction",
    ),
    "title against name": (
        "acv-2021-04.csv",
        "Mars 2021;\ndep;cumul\n01;1\n",
        "refused: month_contradiction",
    ),
    "header against name": (
        "acv-2021-04.csv",
        "dep;mars 2021\n01;1\n",
        "refused: month_contradiction",
    ),
    "sent on the first of the next month": (
        "acv_20210401.csv",
        "dep;mois;cumul\n01;2021-03;1\n",
        "2: 01 2021-03 = 1",
    ),
    # numbers
    "numbers of all kinds": (
        "acv-2021-03.csv",
        "dep;cumul\n01;1 234\n02;1\u00a0234\n03;1\u202f234\n04;1.234,0\n05;1234.0\n06;1 234 logements\n07;1234,00\n"
        "08;12 345 678\n09;0\n10;1.234\n11;1 234,0\n12;4 logts.\n",
        "2: 01 2021-03 = 1234|3: 02 2021-03 = 1234|4: 03 2021-03 = 1234|5: 04 2021-03 = 1234|6: 05 2021-03 = 1234|"
        "7: 06 2021-03 = 1234|8: 07 2021-03 = 1234|9: implausible|10: 09 2021-03 = 0|11: ambiguous_number|"
        "12: 11 2021-03 = 1234|13: 12 2021-03 = 4",
    ),
    "thousands by comma and dot": (
        "acv-2021-03.csv",
        "dep;cumul\n01;1.234,0\n02;1.234\n03;353\n",
        "2: 01 2021-03 = 1234|3: 02 2021-03 = 1234|4: 03 2021-03 = 353",
    ),
    "thousands by habit": (
        "acv-2021-03.csv",
        "dep;cumul\n01;1.234\n02;2.345\n03;353\n04;4.321\n",
        "2: 01 2021-03 = 1234|3: 02 2021-03 = 2345|4: 03 2021-03 = 353|5: 04 2021-03 = 4321",
    ),
    "thousands or decimals": (
        "acv-2021-03.csv",
        "dep;cumul\n01;1.234\n02;353\n03;1234\n",
        "2: ambiguous_number|3: 02 2021-03 = 353|4: 03 2021-03 = 1234",
    ),
    "three decimals": (
        "acv-2021-03.csv",
        "dep;cumul\n01;353.000\n02;98.000\n03;12.000\n",
        "2: ambiguous_number|3: ambiguous_number|4: ambiguous_number",
    ),
    "three decimals proven": (
        "acv-2021-03.csv",
        "dep;cumul\n01;353.000\n02;1526.000\n03;1.500\n",
        "2: 01 2021-03 = 353|3: 02 2021-03 = 1526|4: non_integer",
    ),
    "no numbers": (
        "acv-2021-03.csv",
        "dep;cumul\n01;12,5\n02;-3\n03;1e3\n04;0x10\n05;1_000\n06;1 23\n07;12 %\n08;1O5\n09;(12)\n10;007\n11;≈ 12\n"
        "12;12;\n13;=SUM(B2:B3)\n",
        "2: non_integer|3: negative|4: not_a_number|5: not_a_number|6: not_a_number|7: not_a_number|"
        "8: not_a_number|9: not_a_number|10: negative|11: not_a_number|12: not_a_number|13: 12 2021-03 = 12|"
        "14: not_a_number",
    ),
    "no figure": (
        "acv-2021-03.csv",
        "dep;cumul\n01;\n02;nd\n03;NC\n04;s\n05;null\n06;undefined\n07;-\n08;a_remplir\n09;#N/A\n10; n.d. \n11;À remplir\n",
        "2: no_figure_empty|3: no_figure_not_available|4: no_figure_not_available|5: no_figure_secret|"
        "6: no_figure_not_available|7: no_figure_not_available|8: no_figure_not_available|9: no_figure_to_fill|"
        "10: no_figure_error|11: no_figure_not_available|12: no_figure_to_fill",
    ),
    "outside the panel": (
        "acv-2021-03.csv",
        "dep;cumul\n21;0\n75;\n92;nd\n93;12\n01;0\n",
        "2: outside_panel_zero|3: outside_panel_no_figure|4: outside_panel_no_figure|5: 93 2021-03 = 12|6: 01 2021-03 = 0",
    ),
    # rows that are no records
    "totals": (
        "acv-2021-03.csv",
        "dep;nom;cumul\n01;Ain;1\n80;Somme;2\nTotal;;3\n;France entière;3\n;Sous-total DOM;0\nEnsemble;;3\n;TOTAL GÉNÉRAL :;3\n",
        "2: 01 2021-03 = 1|3: 80 2021-03 = 2|4: stated_total|5: stated_total|6: stated_subtotal|7: stated_total|8: stated_total",
    ),
    "rows of the form": (
        "acv-2021-03.csv",
        "id_indicateur;dep;cumul\nIND-XXX;01;a_remplir\nnb-logement-accompagnement;01;3\nexemple;75;12\n",
        "2: template_row|3: 01 2021-03 = 3|4: template_row",
    ),
    # indicators
    "programme column": (
        "logements-2021-03.csv",
        "programme;dep;cumul\nAction Cœur de Ville;01;1\nPVD;01;2\nDenormandie;01;3\nACV et PVD;02;4\n;03;5\n",
        "2: 01 2021-03 = 1|3: PVD 01 2021-03 = 2|4: other_indicator|5: indicator_contradiction|6: no_indicator",
    ),
    "indicator in the name": (
        "Petites villes de demain 2021-03.csv",
        "dep;cumul\n01;1\n",
        "2: PVD 01 2021-03 = 1",
    ),
    "indicator in the title": (
        "a-2021-03.csv",
        "Programme PVD;\ndep;cumul\n01;1\n",
        "3: PVD 01 2021-03 = 1",
    ),
    "title against name, indicator": (
        "acv-2021-03.csv",
        "PVD;\ndep;cumul\n01;1\n",
        "refused: indicator_contradiction",
    ),
    "other indicators only": (
        "a-2021-03.csv",
        "id_indicateur;dep;cumul\nnb-labellisations;01;1\nnb-logement-accompagnement-bis;02;1\n",
        "refused: other_indicator",
    ),
    # repeats
    "repeated and conflicting rows": (
        "acv-2021-03.csv",
        "dep;cumul\n01;1\n1;1\n02;2\n02;3\n03;4\n03;nd\n04;5\n04;5,5\n05;6\n05;6.0\n",
        "2: 01 2021-03 = 1|3: repeated_row|4: conflicting_values|5: conflicting_values|6: 03 2021-03 = 4|"
        "7: no_figure_not_available|8: conflicting_values|9: non_integer|10: 05 2021-03 = 6|11: repeated_row",
    ),
}


@pytest.mark.parametrize("case", TEXTS)
def test_text_files(case: str, tmp_path: Path, contract: Contract) -> None:
    name, content, expected = TEXTS[case]
    path = tmp_path / name
    path.write_bytes(content.encode())
    assert outcome(path, contract) == expected.split("|")


def test_the_corpus_is_large_enough() -> None:
    assert len(TEXTS) >= 60


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"],
)
def test_encodings(encoding: str, tmp_path: Path, contract: Contract) -> None:
    path = tmp_path / "acv-2021-03.csv"
    text = "Département;Nom;Cumulé;nb logements\n26;Drôme;;353\n22;Côtes-d'Armor;;1 234\n"
    path.write_bytes(text.encode(encoding))
    assert outcome(path, contract) == ["2: 26 2021-03 = 353", "3: 22 2021-03 = 1234"]


def test_future_months(tmp_path: Path, contract: Contract) -> None:
    path = tmp_path / "acv.csv"
    path.write_text("dep;mois;cumul\n01;2021-03;1\n02;2021-05;2\n")
    assert outcome(path, contract, received_on=dt.date(2021, 4, 6)) == [
        "2: 01 2021-03 = 1",
        "3: future_month",
    ]


@pytest.mark.parametrize(
    ("received_on", "expected"),
    [
        (dt.date(2021, 4, 1), "refused: no_month"),
        (dt.date(2021, 4, 6), "refused: no_month"),
        (dt.date(2021, 5, 6), "refused: ambiguous_month"),
    ],
)
def test_a_first_day_in_a_name_may_be_that_of_sending(
    received_on: dt.date, expected: str, tmp_path: Path, contract: Contract
) -> None:
    path = tmp_path / "acv_20210401.csv"
    path.write_text("dep;cumul\n01;1\n")
    assert outcome(path, contract, received_on=received_on) == [expected]


def test_a_partner_that_does_not_contribute(tmp_path: Path, contract: Contract) -> None:
    path = tmp_path / "pvd-2021-03.csv"
    path.write_text("dep;cumul\n01;1\n")
    assert outcome(path, contract, source="action_logement") == ["refused: other_indicator"]


def test_a_workbook_without_any_sheet_is_empty(contract: Contract) -> None:
    """Found by damaging 20,000 files: a workbook whose list of sheets is gone."""
    with pytest.raises(DeliveryRefused) as refused:
        tidy([], file_name="acv.xlsx", source=contract.sources["anah"], contract=contract)
    assert refused.value.reason_code == "empty_file"
