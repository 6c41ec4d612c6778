"""What a request for a run asks for, checked, as the work that it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from analogies.apps.web import tabs
from analogies.apps.web.limits import Limits
from analogies.apps.web.nets import Listed, Nets
from analogies.apps.web.requests import RefusedError
from analogies.apps.web.sessions import Session, Stored, new_id
from analogies.apps.web.tabs import Tab
from analogies.apps.web.work import Work, renamed
from analogies.errors import InputError
from analogies.options.table import SMALLEST_SIDE, Options
from analogies.synthesis.pyramid import result_size

NET = "net"  # the slot of a network, and its name among the options
_MEANT = {"A": "a", "A'": "a_prime", "B": "b"}


@dataclass(frozen=True)
class Asked:
    """A run that may be made.

    Attributes:
        id: of it, unguessable.
        tab: in which it was asked for.
        work: what to make.
        preview: whether it is small and not kept.
        pictures: {slot: id}.
        options: as they were asked for, to be shown and asked for again.
        net: that makes it, or None.
    """

    id: str
    tab: Tab
    work: Work
    preview: bool
    pictures: Mapping[str, str]
    options: Mapping[str, Any]
    net: Listed | None


def understood(asked: Mapping[str, Any], session: Session, nets: Nets, limits: Limits) -> Asked:
    """What is asked for.

    Args:
        asked: {"tab": name, "pictures": {slot: id}, "options": {name: value}, "preview": truth};
            with a network its name is the option net.
        session: of who asks.
        nets: that there are.
        limits: of the result.

    Raises:
        RefusedError: with the slot of the picture, or of the network, that it concerns.
        InputError: an option cannot be used.
    """
    tab, number = tabs.find(asked.get("tab")), new_id()
    given = asked.get("pictures")
    chosen = _chosen(tab, session, given if isinstance(given, dict) else {})
    options, net = asked.get("options", {}), None
    if tab.nets and isinstance(options, dict):
        net = _net(nets, options.get(NET))
        options = {name: value for name, value in options.items() if name != NET}
    options = tabs.chosen_options(tab, options)
    files = tabs.file_options(tab, {slot: str(each.path) for slot, each in chosen.items()})
    sources = {name: chosen[slot].path for slot in chosen for name in tab.stands_for[slot]}
    names = {str(stored.path): stored.name for stored in chosen.values()}
    work = Work(
        sources={name: sources[name] for name in ("a", "a_prime", "b") if name in sources},
        options={**options, **files},
        out=session.folder / f"{number}.png",
        result_pixels=limits.result_pixels,
        names=names if net is None else {**names, str(net.path): net.name},
        net=None if net is None else net.path,
    )
    preview = asked.get("preview") is True
    if preview:
        work = replace(work, options=_small(tab, chosen, options), out=None)
    _check(work, tab, net)
    shown = {name: value for name, value in options.items() if name != "preset"}
    if tab.presets:
        shown["preset"] = options["preset"]
    if net is not None:
        shown = {NET: net.name, **shown}
    pictures = {slot: stored.id for slot, stored in chosen.items()}
    return Asked(number, tab, work, preview, pictures, shown, net)


def _chosen(tab: Tab, session: Session, given: Mapping[str, Any]) -> dict[str, Stored]:
    """The pictures of a tab's slots."""
    chosen: dict[str, Stored] = {}
    for slot in tab.pictures:
        if not given.get(slot):
            if slot in tab.optional:
                continue
            said = f"{tab.pictures[slot].split(':')[0]} is missing"
            raise RefusedError(422, said, slot=slot)
        try:
            chosen[slot] = session.picture(given[slot])
        except InputError as error:
            raise RefusedError(422, str(error), slot=slot) from None
    return chosen


def _net(nets: Nets, name: Any) -> Listed:
    try:
        return nets.find(name)
    except InputError as error:
        raise RefusedError(422, str(error), slot=NET) from None


def _check(work: Work, tab: Tab, net: Listed | None) -> None:
    """See that a run can be made, as far as the headers of its pictures tell."""
    from analogies.apps.web.by_net import check
    from analogies.apps.web.making import checked

    try:
        if net is None:
            checked(work)
        else:
            assert net.options is not None
            check(work, net.options)
    except InputError as error:
        raise _at_picture(renamed(str(error), work), tab) from None


def _small(tab: Tab, chosen: Mapping[str, Stored], options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a preview: pixels alone, no larger than a stamp.

    Where the size of the result can be chosen, it is the whole result made smaller, A with it.

    Raises:
        RefusedError: the tab has none.
    """
    if tab.preview is None:
        raise RefusedError(422, "there is no preview of this")
    b = next(stored for slot, stored in chosen.items() if "b" in tab.stands_for[slot])
    asked = {name: options[name] for name in ("seed", "tile") if name in options}
    small = {**tab.preview, "speed": "fast", **asked}
    if "width" not in tab.options:
        side = min(tabs.PREVIEW, max(b.width, b.height))
        return {**small, **({"width": side} if b.width >= b.height else {"height": side})}
    given = {name: options[name] for name in ("width", "height") if name in options}
    height, width = result_size((b.height, b.width), Options.parse(given))
    share = min(1.0, tabs.PREVIEW / max(height, width))
    sides = [max(SMALLEST_SIDE, round(share * side)) for side in (width, height)]
    return {**small, "width": sides[0], "height": sides[1], "a_scale": share}


def _at_picture(said: str, tab: Tab) -> RefusedError:
    """A message, and the slot of the picture that it is about."""
    meant, _, rest = said.partition(": ")
    name = "a_prime" if said.startswith("A and A'") else _MEANT.get(meant)
    for slot, names in tab.stands_for.items():
        if name in names:
            return RefusedError(422, rest if meant in _MEANT else said, slot=slot)
    return RefusedError(422, said)
