"""A probe's command: bounded in time and size, away from any terminal, and all of it killed."""

import os
import sys
import time
from pathlib import Path

import pytest

from broker.host.probes.parsers import texts
from broker.host.probes.probe import Probe
from broker.host.probes.running import MOST_BYTES, NotThere, Runner, Unseen, User
from tests.journeys.processes import Process

# One that was killed is waited for briefly: on a slow machine it is reaped when another starts.
pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
ME = User(os.getuid(), os.getgid())
OLD_IP = """echo 'Option "-j" is unknown, try "ip -help".' >&2; exit 255"""


def probe(
    *command: str, timeout: float = 5.0, partial: bool = False, as_user: bool = False
) -> Probe:
    return Probe(
        "p", "product", texts.printed, command, timeout=timeout, partial=partial, as_user=as_user
    )


def shell(script: str, **more: float) -> Probe:
    return probe("sh", "-c", script, **more)  # type: ignore[arg-type]


def output(asked: Probe, user: User = ME) -> str:
    ((_, said),) = Runner(user).look(asked).said
    return said.decode()


def test_it_sees_no_terminal_no_input_and_no_descriptor_of_ours(tmp_path: Path) -> None:
    with (tmp_path / "ours").open("w"):
        told = output(
            shell("ls /proc/self/fd; cat; tty; pwd; echo $LC_ALL; echo $$; ps -o sid= $$")
        )
    descriptors, *_ = told.split("not a tty")
    assert descriptors.split() == ["0", "1", "2", "3"]  # the last is how ls reads the folder
    assert told.split()[-4:-2] == ["/", "C"]
    assert told.split()[-2] == told.split()[-1]  # it leads a session of its own


def test_a_hanging_one_is_killed_with_all_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    began = time.monotonic()
    with pytest.raises(Unseen, match=r"^sh did not end in 2 s$"):
        output(shell(f"sleep 1000 & echo $! > {mark}; wait", timeout=2))
    assert time.monotonic() - began < 100
    child = Process(int(mark.read_text()), ())
    until = time.monotonic() + 40
    while child.running:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_one_that_ends_and_leaves_its_output_open_is_not_waited_for() -> None:
    with pytest.raises(Unseen, match=r"did not end in 0\.3 s"):
        output(shell("sleep 1000 &", timeout=0.3))


def test_too_much_output_is_none() -> None:
    with pytest.raises(Unseen, match="prints more than 1 MiB"):
        output(probe("yes"))
    assert (
        len(output(shell(f"head -c {MOST_BYTES} /dev/zero; head -c 3000000 /dev/zero >&2")))
        == MOST_BYTES
    )


def test_what_went_wrong_is_told_in_the_tools_own_words() -> None:
    with pytest.raises(Unseen, match=r'^Option "-j" is unknown, try "ip -help".$'):
        output(shell(OLD_IP))
    with pytest.raises(Unseen, match=r"^false failed \(status 1\)$"):
        output(probe("false"))
    with pytest.raises(NotThere, match=r"^no-such-program is not installed$"):
        output(probe("no-such-program"))
    with pytest.raises(Unseen, match=r"^no right to run /etc/passwd$"):
        output(probe("/etc/passwd"))


def test_some_count_whatever_their_status() -> None:
    assert output(shell("echo a; exit 1", partial=True)) == "a\n"


def test_programs_are_not_looked_for_where_the_caller_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "planted").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(NotThere):
        output(probe("planted"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_vendors_own_runs_as_the_shells_user() -> None:
    nobody = User(65534, 65534)
    asked = probe("sh", "-c", "id -u; id -g; id -G", as_user=True)
    assert output(asked, nobody).split()[:2] == ["65534", "65534"]
    assert "0" not in output(asked, nobody).split()
    assert output(probe("id", "-u"), nobody) == "0\n"


def test_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.conf")
    (tmp_path / "folder.conf").mkdir()
    (tmp_path / "a.conf").write_text("a")
    (tmp_path / "large.conf").write_bytes(b"x" * (MOST_BYTES + 1))
    files = (f"{tmp_path}/*.conf", f"{tmp_path}/none")
    told_by_path = Probe("p", "files", texts.lines, files=files, covers=files)
    said, limits, unseen = Runner(ME).look(told_by_path)
    assert said == [(f"{tmp_path}/a.conf", b"a")]
    assert limits == [f"{tmp_path}/large.conf is longer than 1 MiB"]
    assert unseen == [f"{tmp_path}/large.conf"]
    with pytest.raises(Unseen, match="is longer than 1 MiB"):
        Runner(ME).look(Probe("p", "users", texts.lines, files=files))


def test_nothing_starts_once_it_is_over() -> None:
    runner = Runner(ME)
    runner.stop()
    with pytest.raises(Unseen, match="there was no time left"):
        runner.look(probe(sys.executable, "-c", ""))
