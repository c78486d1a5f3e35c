"""Why a row is no figure: every reason code, its fate, and its text in two languages."""

from __future__ import annotations

from dataclasses import dataclass

from acv_pipeline.tidying.records import Fate


@dataclass(frozen=True)
class Reason:
    """A reason; ``{cell}`` in its texts is what was found."""

    fate: Fate
    en: str
    fr: str


REASONS: dict[str, Reason] = {
    # set aside: no figure of ours
    "blank_row": Reason("set_aside", "the row is blank", "la ligne est vide"),
    "repeated_header": Reason("set_aside", "the header again", "l'en-tête est répété"),
    "note": Reason("set_aside", "a note, not a figure", "une note, pas un chiffre"),
    "template_row": Reason(
        "set_aside",
        "a row of the form that shows how to fill it in ({cell})",
        "une ligne du modèle qui montre comment le remplir ({cell})",
    ),
    "other_indicator": Reason(
        "set_aside", "another indicator: {cell}", "un autre indicateur : {cell}"
    ),
    "before_first_month": Reason(
        "set_aside",
        "{cell} lies before the indicator's first month",
        "{cell} précède le premier mois de l'indicateur",
    ),
    "outside_panel_zero": Reason(
        "set_aside",
        "zero for a département the indicator does not expect",
        "zéro pour un département hors du périmètre de l'indicateur",
    ),
    "outside_panel_no_figure": Reason(
        "set_aside",
        "no figure for a département the indicator does not expect",
        "pas de chiffre pour un département hors du périmètre de l'indicateur",
    ),
    "repeated_row": Reason(
        "set_aside",
        "row {cell} again",
        "la ligne {cell} répétée",
    ),
    "part_of_figure": Reason(
        "set_aside",
        "a part of a figure ({cell}) whose total stands beside",
        "une partie d'un chiffre ({cell}) dont le total figure à côté",
    ),
    "added_up": Reason(
        "set_aside",
        "a part of a figure, added up with the other parts ({cell})",
        "une partie d'un chiffre, additionnée aux autres parties ({cell})",
    ),
    "initial_value": Reason(
        "set_aside", "an initial value, not the figure", "une valeur initiale, pas le chiffre"
    ),
    "target_value": Reason(
        "set_aside", "a target, not the figure", "une valeur cible, pas le chiffre"
    ),
    # control: what the source itself states beside the départements
    "stated_total": Reason("control", "a total, not a département", "un total, pas un département"),
    "stated_subtotal": Reason(
        "control", "a subtotal, not a département", "un sous-total, pas un département"
    ),
    # quarantined: the line
    "misaligned_row": Reason(
        "quarantined",
        "the line has {cell} cells where the header has another number, or a figure goes on in the "
        "next cell: they may have shifted",
        "la ligne a {cell} cellules et l'en-tête un autre nombre, ou un chiffre se poursuit dans "
        "la cellule suivante : elles ont pu se décaler",
    ),
    # quarantined: territory
    "no_department": Reason("quarantined", "no département", "pas de département"),
    "unknown_department": Reason(
        "quarantined",
        "“{cell}” is no French département: write its code (01, 2A, 971)",
        "« {cell} » n'est pas un département français : écrire son code (01, 2A, 971)",
    ),
    "unknown_region": Reason(
        "quarantined",
        "“{cell}” is no French region: write its code (11, 84)",
        "« {cell} » n'est pas une région française : écrire son code (11, 84)",
    ),
    "label_contradicts_code": Reason(
        "quarantined",
        "code and name do not agree: {cell}",
        "le code et le nom ne concordent pas : {cell}",
    ),
    # quarantined: month
    "no_month_in_row": Reason("quarantined", "no month", "pas de mois"),
    "month_not_understood": Reason(
        "quarantined",
        "“{cell}” is no month we understand: write it like 2021-03 or 2021-03-31",
        "« {cell} » n'est pas un mois compréhensible : écrire 2021-03 ou 2021-03-31",
    ),
    "impossible_date": Reason(
        "quarantined", "the date {cell} does not exist", "la date {cell} n'existe pas"
    ),
    "mid_month_date": Reason(
        "quarantined",
        "{cell} is neither the first nor the last day of a month: which month is the figure about?",
        "{cell} n'est ni le premier ni le dernier jour d'un mois : de quel mois s'agit-il ?",
    ),
    "ambiguous_date": Reason(
        "quarantined",
        "{cell} can be read day first or month first: write it like 2021-03-31",
        "{cell} se lit jour ou mois en premier : écrire 2021-03-31",
    ),
    "dragged_date": Reason(
        "quarantined",
        "the date {cell} belongs to a column that rises row by row, as when a cell is dragged down",
        "la date {cell} suit une colonne qui croît ligne à ligne, comme après une recopie vers le "
        "bas",
    ),
    "future_month": Reason(
        "quarantined",
        "{cell} begins after the day of reception",
        "{cell} commence après le jour de réception",
    ),
    "month_not_over": Reason(
        "quarantined",
        "{cell} was not over on the day of reception, so no cumulative figure of it can be known: "
        "a first day of a month often means the month before; write the month, like 2021-03",
        "{cell} n'était pas terminé le jour de la réception, son cumul ne peut être connu : un "
        "premier jour de mois désigne souvent le mois précédent ; écrire le mois, comme 2021-03",
    ),
    "first_day_of_stock": Reason(
        "quarantined",
        "the stock on {cell}, the first day of a month, is either that of this month or, as "
        "official statistics have it, that of the end of the month before: write the month, like "
        "2021-03, or its last day",
        "un stock au {cell}, premier jour d'un mois, est celui de ce mois ou, selon l'usage de la "
        "statistique publique, celui de la fin du mois précédent : écrire le mois, comme 2021-03, "
        "ou son dernier jour",
    ),
    "year_contradiction": Reason(
        "quarantined",
        "the year {cell} contradicts the month that the delivery names elsewhere",
        "l'année {cell} contredit le mois que la livraison nomme ailleurs",
    ),
    # quarantined: indicator
    "indicator_contradiction": Reason(
        "quarantined",
        "the row names several indicators: {cell}",
        "la ligne nomme plusieurs indicateurs : {cell}",
    ),
    "no_indicator": Reason(
        "quarantined", "nothing says which indicator", "rien ne dit quel indicateur"
    ),
    # quarantined: value
    "no_figure_empty": Reason("quarantined", "the value is empty", "la valeur est vide"),
    "no_figure_not_available": Reason(
        "quarantined", "the value is “{cell}”: not available", "la valeur est « {cell} » : absente"
    ),
    "no_figure_secret": Reason(
        "quarantined",
        "the value is “{cell}”: statistical secrecy",
        "la valeur est « {cell} » : secret statistique",
    ),
    "no_figure_to_fill": Reason(
        "quarantined", "the value is still to be filled in", "la valeur reste à remplir"
    ),
    "no_figure_error": Reason(
        "quarantined",
        "the formula gives an error: {cell}",
        "la formule donne une erreur : {cell}",
    ),
    "not_a_number": Reason(
        "quarantined",
        "“{cell}” is no number we understand: write it without separators, like 1234",
        "« {cell} » n'est pas un nombre compréhensible : l'écrire sans séparateur, comme 1234",
    ),
    "ambiguous_number": Reason(
        "quarantined",
        "“{cell}” can be thousands or decimals, and nothing in the column tells which",
        "« {cell} » peut être en milliers ou en décimales, et rien dans la colonne ne tranche",
    ),
    "non_integer": Reason(
        "quarantined",
        "{cell} is no whole number of dwellings",
        "{cell} n'est pas un nombre entier de logements",
    ),
    "negative": Reason("quarantined", "{cell} is negative", "{cell} est négatif"),
    "implausible": Reason(
        "quarantined", "{cell} is beyond anything plausible", "{cell} dépasse tout ordre plausible"
    ),
    "value_type_not_understood": Reason(
        "quarantined",
        "“{cell}” does not say whether the value is the actual one, an initial one or a target",
        "« {cell} » ne dit pas si la valeur est l'actuelle, une initiale ou une cible",
    ),
    "something_else": Reason(
        "quarantined",
        "“{cell}” says that the value is something else than a figure of ours: leave the row out, "
        "or send it without these words if it is one",
        "« {cell} » dit que la valeur est autre chose qu'un chiffre à nous : retirer la ligne, ou "
        "l'envoyer sans ces mots si c'en est un",
    ),
    "part_alone": Reason(
        "quarantined",
        "only a part of a figure ({cell}): send the total, or every part with its name",
        "seulement une partie d'un chiffre ({cell}) : envoyer le total, ou chaque partie avec son "
        "nom",
    ),
    "unexplained_repeat": Reason(
        "quarantined",
        "the same territory and month as row {cell}, told apart by words that say nothing to us: "
        "name the column, or send one row",
        "même territoire et même mois que la ligne {cell}, distingués par des mots que nous ne "
        "comprenons pas : nommer la colonne, ou envoyer une seule ligne",
    ),
    "merged_value": Reason(
        "quarantined",
        "one merged cell holds the value of several rows",
        "une cellule fusionnée porte la valeur de plusieurs lignes",
    ),
    "conflicting_values": Reason(
        "quarantined",
        "the same territory and month with different values ({cell})",
        "même territoire et même mois avec des valeurs différentes ({cell})",
    ),
}

CODES: tuple[str, ...] = tuple(REASONS)
"""The reason codes, in the order of their numbers."""

NUMBERS: dict[str | None, int] = {code: number for number, code in enumerate(CODES)} | {None: -1}
"""The number of each reason code; -1 for none."""
