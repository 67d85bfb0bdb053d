"""What a vendor may have watched: what is let through, how it is shown, what is refused and how."""

from typing import Any

import pytest

from broker.recording.watched import declared, declared_one, directories

GOOD: dict[str, Any] = {"name": "array state", "command": ["arrayctl", "show", "a b"]}
A_NAME = "must be 1 to 40 printable characters, without blanks around them"


def test_what_is_left_out_has_an_answer() -> None:
    (probe,) = declared([GOOD])
    told = (probe.area, probe.timeout, probe.parser, probe.secret, probe.as_root)
    assert told == ("product", 5.0, "lines", (), False)
    assert probe.shown == "arrayctl show 'a b'"


@pytest.mark.parametrize(
    "more",
    [
        {"name": "x"}, {"name": "Zustand (RAID & Co.): Gehäuse 2/Platte 3"}, {"area": "7"},
        {"area": "My Cluster"}, {"area": "Gerät, links"}, {"command": ["a"] * 20},
        {"command": ["a", ""]}, {"command": ["a" * 300]}, {"timeout": 10}, {"timeout": 0.1},
        {"secret": ["a" * 200] * 20}, {"secret": ["(?<=token=)[^ ]+"]}, {"parser": "json"},
        {"as_root": True},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_let_through_is_kept_as_it_is(more: dict[str, Any]) -> None:
    probe = declared_one({**GOOD, **more})
    for key, value in more.items():
        assert getattr(probe, key) == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": None}, "a probe must have a name, which is text"),
        ({"name": ""}, f"a probe's name {A_NAME}, not ''"),
        ({"name": "a" * 41}, f"a probe's name {A_NAME}, not '{'a' * 40}'"),
        ({"name": "a "}, "not 'a '"),
        ({"name": "a\x1b[2J"}, r"not 'a\x1b[2J'"),
        ({"area": " "}, f"its area {A_NAME}"),
        ({"area": "a" * 41}, f"its area {A_NAME}"),
        ({"area": "a\nb"}, f"its area {A_NAME}"),
        ({"area": 7}, f"its area {A_NAME}"),
        ({"command": "arrayctl show"}, "its command must be a list of words"),
        ({"command": ["a", 7]}, "its command must be a list of words"),
        ({"command": []}, "its command must be a program and its arguments, 1 to 20 words"),
        ({"command": ["", "a"]}, "its command must be a program and its arguments, 1 to 20 words"),
        ({"command": ["a"] * 21}, "its command must be a program and its arguments, 1 to 20 words"),
        ({"command": ["a\x1b[2J"]}, "its command must be of printable characters"),
        ({"command": ["a" * 301]}, "its command must be at most 300 characters, quoted as a shell"),
        ({"command": ["a b" * 100]}, "its command must be at most 300 characters, quoted as a"),
        ({"timeout": 10.5}, "its timeout must be more than 0 and at most 10 seconds"),
        ({"timeout": 10**400}, "its timeout must be more than 0 and at most 10 seconds"),
        ({"timeout": 0}, "its timeout must be more than 0 and at most 10 seconds"),
        ({"timeout": float("nan")}, "its timeout must be more than 0 and at most 10 seconds"),
        ({"timeout": True}, "its timeout must be more than 0 and at most 10 seconds"),
        ({"timeout": "5"}, "its timeout must be more than 0 and at most 10 seconds"),
        ({"parser": "xml"}, "its parser must be one of lines, pairs, text, json"),
        ({"parser": []}, "its parser must be one of lines, pairs, text, json"),
        ({"secret": "a"}, "its secret must be a list of at most 20 patterns"),
        ({"secret": ["a"] * 21}, "its secret must be a list of at most 20 patterns"),
        ({"secret": ["a" * 201]}, "each pattern of its secret must be 1 to 200 printable"),
        ({"secret": [""]}, "each pattern of its secret must be 1 to 200 printable characters"),
        ({"secret": ["a\nb"]}, "each pattern of its secret must be 1 to 200 printable characters"),
        ({"secret": ["("]}, "'(' in its secret is no regular expression: missing )"),
        ({"as_root": "yes"}, "its as_root must be true or false"),
        ({"shell": True}, "there is no setting 'shell'; there are name, area, command, timeout,"),
    ],
    ids=str,
)
def test_what_is_refused_says_why(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match="probe") as refused:
        declared([{**GOOD, **wrong}])
    assert told in str(refused.value)
    assert str(refused.value).startswith("a probe" if "name" in wrong else "probe 'array state': ")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({}, "the probes must be a list of tables"),
        ([1], "a probe must be a table of name, command and more"),
        ([GOOD, GOOD], "there are two probes named 'array state'"),
        ([GOOD] * 21, "there are 21 probes; at most 20 are run"),
    ],
    ids=str,
)
def test_a_list_is_refused_as_a_whole(value: object, told: str) -> None:
    with pytest.raises(ValueError, match="probe") as refused:
        declared(value)
    assert str(refused.value) == told


def test_directories_are_kept_in_their_order() -> None:
    wanted = ["/opt/product", "/srv/a b", "/.hidden/..x", "/" + "a" * 299]
    assert directories(wanted) == tuple(wanted)
    assert directories([]) == ()
    assert len(directories([f"/t{n}" for n in range(10)])) == 10


@pytest.mark.parametrize(
    "path",
    ["", "etc", "/", "//", "//etc", "/opt/", "/opt//x", "/opt/../etc", "/opt/..", "/./opt",
     "/a\nb", "/" + "a" * 300],
)  # fmt: skip
def test_what_is_no_directory_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="a tree must be the absolute path of a dir") as refused:
        directories(["/opt", path])
    assert str(refused.value).endswith(f"not {path[:40]!r}")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "the trees must be a list of directories' paths"),
        ("/opt", "the trees must be a list of directories' paths"),
        ([7], "the trees must be a list of directories' paths"),
        ([f"/t{n}" for n in range(11)], "there are 11 trees; at most 10 are watched"),
    ],
    ids=str,
)
def test_what_is_no_list_of_directories_is_refused(value: object, told: str) -> None:
    with pytest.raises(ValueError, match="trees") as refused:
        directories(value)
    assert str(refused.value) == told
