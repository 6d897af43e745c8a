"""What ``edgeslim inspect --target`` says of the laws that a model meets."""

from __future__ import annotations

from edgeslim.cli.output import print_lines
from edgeslim.conversion.inspect_model import Inspection, MetLaw
from edgeslim.targets import Place, format_answer

__all__ = ["met_document", "print_met"]


def print_met(found: Inspection) -> None:
    """The operators that meet laws, by place and law; those that are refused first."""
    places = list(dict.fromkeys(each.place for each in found.met))
    if not places:
        print_lines("", "the target's kernels compute all of it as Paddle does")
    for place in places:
        met = [each for each in found.met if each.place == place]
        print_lines("", f"on {told(place)}, {len(met)} operators are not what kernels compute:")
        for law in dict.fromkeys(each.law for each in met):
            of_law = [each for each in met if each.law is law]
            first = of_law[0]
            more = f" and {len(of_law) - 1} more" if len(of_law) > 1 else ""
            print_lines(
                f"  {first.operator}{more}",
                f"    {law.name}: {law.happens} ({law.condition})",
                f"    {_done(first)}",
            )
    if found.refused:
        print_lines("", f"{found.name} cannot be converted as it is")


def told(place: Place) -> str:
    """A place for people."""
    threads = f"{place.threads or 'several'} thread{'' if place.threads == 1 else 's'}"
    return f"{place.target.value} in {place.precision.value} with {threads}"


def _done(each: MetLaw) -> str:
    if each.is_rewritten:
        return format_answer(each.law)
    return f"REFUSED{f': {each.law.mend}' if each.law.mend else ''}"


def met_document(found: Inspection) -> list[dict[str, object]]:
    """Each operator that meets a law, with what is done."""
    return [
        {
            "target": each.place.target.value,
            "precision": each.place.precision.value,
            "threads": each.place.threads,
            "operator": each.operator.kind,
            "makes": each.operator.name,
            "shape": each.operator.shape(),
            "law": each.law.name,
            "happens": each.law.happens,
            "condition": each.law.condition,
            "done": "rewritten" if each.is_rewritten else "refused",
            "form": each.law.form if each.is_rewritten else "",
            "mend": "" if each.is_rewritten else each.law.mend,
            "source": each.law.source,
        }
        for each in found.met
    ]
