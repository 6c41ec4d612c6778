import math
from dataclasses import replace

import pytest

from analogies.errors import InputError
from analogies.options.presets import with_preset
from analogies.options.table import Options
from analogies.runs.machine import free_memory as machine_memory
from analogies.runs.machine.free_memory import Room
from analogies.runs.memory_check import GB, checked, largest
from analogies.synthesis.decision import Decision
from analogies.synthesis.memory import estimate, piece_side
from analogies.synthesis.pixels.kinds import ALIKE, FILL, STYLE
from benchmarks import memory as table

SIZE = (768, 1024)


NETWORK = {"finish": "network"}  # alone, on all levels


def total(size_a, size_b, network="slim", **options):
    return estimate(size_a, size_b, Options.parse(with_preset(NETWORK | options)), network).total


def test_it_grows_linearly_with_the_pixels():
    sides = (1536, 3072, 6144)  # in pieces, all of them
    needs = [total((side, side), (side, side)) for side in sides]
    slopes = [
        (more - less) / (b * b - a * a)
        for a, b, less, more in zip(sides, sides[1:], needs, needs[1:], strict=False)
    ]
    assert slopes[1] == pytest.approx(slopes[0], rel=0.15)


def test_it_counts_everything():
    usual = total(SIZE, SIZE)
    assert total((3000, 3000), SIZE) > usual
    assert total(SIZE, SIZE, height=1536) > usual
    assert total(SIZE, SIZE, a_scale=4.0) > usual
    assert total(SIZE, SIZE, network="vgg16") > usual
    assert total(SIZE, SIZE, b_content_w=1.0) > usual
    assert total(SIZE, SIZE, analogy_layers="conv4_1", mrf_layers="conv4_1") < usual
    few = total((2048, 2048), (2048, 2048), match_mode="layer")
    assert few > total((2048, 2048), (2048, 2048))  # which knows no pieces


@pytest.mark.parametrize("network", ["slim", "vgg16"])
def test_with_less_memory_the_pieces_are_smaller(network):
    layers = ("block1_conv1", "block4_conv1")
    sides = [piece_side(network, layers, 4 << 20, Options(memory=m)) for m in (2, 4, 8)]
    assert sides[0] < sides[1] < sides[2]
    assert piece_side(network, layers, 4 << 20, Options(memory=1000)) is None


def test_a_run_that_fits_is_left_as_it_is(monkeypatch):
    options = Options(**NETWORK)
    monkeypatch.setattr(machine_memory, "has_gpu", lambda: False)
    monkeypatch.setattr(machine_memory, "available", lambda: Room(3 * GB, "free"))
    assert checked(SIZE, SIZE, options, "slim") == (options, "")
    with pytest.raises(InputError, match=r"more than the 3\.0 GB free; --height"):
        checked((2048, 2048), (2048, 2048), options, "slim")
    monkeypatch.setattr(machine_memory, "available", lambda: None)
    assert checked((9000, 9000), (9000, 9000), options, "slim") == (options, "")


def test_a_gpu_has_memory_of_its_own(monkeypatch):
    monkeypatch.setattr(machine_memory, "has_gpu", lambda: True)
    monkeypatch.setattr(machine_memory, "available", lambda: Room(1, "free"))
    assert checked(SIZE, SIZE, Options(**NETWORK), "slim")[1] == ""
    with pytest.raises(InputError, match="no size would fit"):
        checked(SIZE, SIZE, Options(**NETWORK, device="cpu"), "slim")
    with pytest.raises(InputError, match="of the GPU"):
        checked((3000, 3000), SIZE, Options(**NETWORK), "slim", Room(2 * GB, "of the GPU"))


def test_the_size_that_fits_is_named_or_taken():
    size_b = (1536, 2048)
    with pytest.raises(InputError) as error:
        checked(SIZE, size_b, Options(**NETWORK, memory=3), "slim")
    assert len(str(error.value).splitlines()) == 1
    options, note = checked(SIZE, size_b, Options(**NETWORK, memory=3, fit=True), "slim")
    words = f"--height {options.height} --width {options.width}"
    assert words in str(error.value)
    assert words in note
    assert options.a_scale == 1.0
    assert estimate(SIZE, size_b, options, "slim").total <= 3 * GB
    assert options.width / options.height == pytest.approx(4 / 3, rel=0.01)
    larger = {"height": options.height + 20, "width": options.width + 27}
    assert total(SIZE, size_b, memory=3.0, **larger) > 3 * GB


def test_what_fits_in_pieces_is_not_refused_for_good(monkeypatch):
    size = (1250, 1250)
    monkeypatch.setattr(machine_memory, "has_gpu", lambda: False)
    monkeypatch.setattr(machine_memory, "available", lambda: Room(int(3.04 * GB), "free"))
    with pytest.raises(InputError, match=r"--memory 3 \(in smaller pieces\) would fit, and --fit"):
        checked(size, size, Options(**NETWORK), "slim")
    options, note = checked(size, size, Options(**NETWORK, fit=True), "slim")
    assert options.memory == 3.0
    assert options.height is None
    assert "made with --memory 3" in note
    assert checked(size, size, Options(**NETWORK, memory=3.0), "slim")[1] == ""


def test_a_large_example_is_made_smaller_too():
    size = (3000, 3000)
    made = largest(size, size, Options(**NETWORK, a_scale_mode="none"), "slim", 2 * GB)
    assert made.a_scale == pytest.approx(made.height / 3000, rel=0.01)
    made = largest(size, size, Options(**NETWORK, a_scale_mode="match"), "slim", 2 * GB)
    assert made.a_scale == 1.0
    assert largest(size, size, Options(**NETWORK), "slim", GB // 2) is None


def test_pixels_alone_take_what_was_measured():
    alone = Decision("picture", ALIKE, False, True, 1.0)
    measured = {  # MiB, at the peak of a process
        (512, 512): 258,
        (1024, 1024): 504,
        (2048, 2048): 1354,
        (32, 16000): 309,
    }
    for size, taken in measured.items():
        need = estimate(size, size, Options(coarse_side=0), "slim", (), alone)
        assert need.total / 2**20 == pytest.approx(taken, rel=table.TOLERANCE)
    style = replace(alone, kind=STYLE)
    need = estimate((1024, 1024), (1024, 1024), Options(), "slim", (), style)
    assert need.total / 2**20 == pytest.approx(524, rel=table.TOLERANCE)


def test_fillings_take_what_was_measured_with_holes_all_over_the_picture():
    options = Options.parse(with_preset({"preset": "fill", "b_mask": "mask.png"}))
    for side, taken in {1024: 480, 2048: 1404}.items():  # MiB
        need = estimate((side, side), (side, side), options, "slim")
        assert need.total / 2**20 == pytest.approx(taken, rel=0.1)
        read = Decision("picture", FILL, False, True, 1.0, kept=True)
        assert estimate((side, side), (side, side), options, "slim", (), read) == need


def test_what_is_dearer_than_was_foreseen_is_known_with_the_pictures():
    foreseen = estimate(SIZE, SIZE, Options(), "slim").total
    residual = Decision("residual", ALIKE, True, False, 1.0)
    network = estimate(SIZE, SIZE, Options(), "slim", (), residual).total
    assert network == total(SIZE, SIZE)
    assert foreseen < network / 2
    room = Room((foreseen + network) // 2, "free")
    assert checked(SIZE, SIZE, Options(), "slim", room) == (Options(), "")
    with pytest.raises(InputError, match="would fit"):
        checked(SIZE, SIZE, Options(), "slim", room, (), residual)


def test_pixels_after_the_network_take_no_more_than_tensorflow_and_their_own():
    both = Options(coarse_side=192)
    sides = (1024, 2048, 4096)
    needs = [estimate((x, x), (x, x), both, "slim").total for x in sides]
    alone = [estimate((x, x), (x, x), Options(coarse_side=0), "slim").total for x in sides]
    assert needs[2] < total((4096, 4096), (4096, 4096))
    own = alone[2] - alone[1]
    assert own < needs[2] - needs[1] < 1.6 * own  # one guide more, and pictures on the device
    further = estimate((1024, 1024), (1024, 1024), both, "slim", [(1024, 1024)]).total
    assert further > needs[0]
    turned = estimate((1024, 1024), (1024, 1024), Options(coarse_side=0, rotations=1), "slim")
    assert turned.total > 3 * alone[0] - 2 * turned.base  # and TensorFlow, which turns them


def test_what_pixels_cannot_hold_is_refused_or_made_smaller():
    size = 4096, 4096
    with pytest.raises(InputError, match="would fit") as error:
        checked(size, size, Options(memory=2), "slim")
    assert "smaller pieces" not in str(error.value)  # pixels know none
    options, note = checked(size, size, Options(memory=2, fit=True), "slim")
    assert f"--height {options.height}" in note
    assert estimate(size, size, options, "slim").total <= 2 * GB
    assert options.height > 1500


def test_a_gpu_has_no_say_where_nothing_runs_on_it(monkeypatch):
    monkeypatch.setattr(machine_memory, "has_gpu", lambda: True)
    monkeypatch.setattr(machine_memory, "available", lambda: Room(GB // 4, "free"))
    with pytest.raises(InputError, match="free"):
        checked(SIZE, SIZE, Options(), "slim")


def test_the_table(monkeypatch, capsys):
    calls = []

    def one_run(pictures, options):
        calls.append(options)
        return {"memory": 2 * total((64, 64), (64, 64)) / 2**20}

    monkeypatch.setattr(table, "one_run", one_run)
    monkeypatch.setattr(table, "CASES", (table.Case("x", 64, 64, {"features": "vgg16"}),))
    table.run(type("Arguments", (), {"cases": "x"}))
    said = capsys.readouterr()
    assert said.out.splitlines()[1].startswith("x ")
    assert "further off than 30%: x" in said.err
    assert any(word.startswith("--vgg-weights=") for word in calls[0])
    with pytest.raises(InputError, match="there are the cases x"):
        table.run(type("Arguments", (), {"cases": "y"}))


def test_a_small_run_takes_what_was_estimated():
    estimated, measured = table.compare(
        table.Case("tiny", 96, 96, {"scales": 1, "finish": "network"})
    )
    assert math.isclose(estimated, measured, rel_tol=table.TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("case", table.CASES, ids=lambda case: case.name)
def test_runs_take_what_was_estimated(case):
    estimated, measured = table.compare(case)
    assert estimated == pytest.approx(measured, rel=table.TOLERANCE)
