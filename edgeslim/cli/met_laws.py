"""The output of ``edgeslim inspect --target``: the laws that a model's operators meet."""

from __future__ import annotations

from edgeslim.cli.output import print_lines
from edgeslim.conversion.inspect_model import Inspection, MetLaw
from edgeslim.counts import format_count
from edgeslim.targets import Place, format_answer

__all__ = ["met_document", "print_met"]


def print_met(found: Inspection) -> None:
    """Prints the operators that meet laws, by place and law."""
    places = list(dict.fromkeys(finding.place for finding in found.met))
    if not places:
        print_lines("", "the target's kernels compute all of it as Paddle does")
    for place in places:
        met = [finding for finding in found.met if finding.place == place]
        count = format_count(len(met), "operator")
        print_lines("", f"on {_format_place(place)}, kernels compute {count} wrongly:")
        for law in dict.fromkeys(finding.law for finding in met):
            of_law = [finding for finding in met if finding.law is law]
            first = of_law[0]
            more = f" and {len(of_law) - 1} more" if len(of_law) > 1 else ""
            print_lines(
                f"  {first.operator}{more}",
                f"    {law.name}: {law.happens} ({law.condition})",
                f"    {_answer(first)}",
            )
    if found.refusals:
        print_lines("", f"{found.name} cannot be converted as it is")


def _format_place(place: Place) -> str:
    """Writes a place as target, precision and threads."""
    threads = f"{place.threads or 'several'} thread{'' if place.threads == 1 else 's'}"
    return f"{place.target.value} in {place.precision.value} with {threads}"


def _answer(finding: MetLaw) -> str:
    """Says what is done about an operator that meets a law."""
    if finding.is_rewritten:
        return format_answer(finding.law)
    return f"REFUSED{f': {finding.law.mend}' if finding.law.mend else ''}"


def met_document(found: Inspection) -> list[dict[str, object]]:
    """Every operator that meets a law, with what is done, for JSON."""
    return [
        {
            "target": finding.place.target.value,
            "precision": finding.place.precision.value,
            "threads": finding.place.threads,
            "operator": finding.operator.kind,
            "makes": finding.operator.name,
            "shape": finding.operator.shape(),
            "law": finding.law.name,
            "happens": finding.law.happens,
            "condition": finding.law.condition,
            "done": "rewritten" if finding.is_rewritten else "refused",
            "form": finding.law.form if finding.is_rewritten else "",
            "mend": "" if finding.is_rewritten else finding.law.mend,
            "source": finding.law.source,
        }
        for finding in found.met
    ]
