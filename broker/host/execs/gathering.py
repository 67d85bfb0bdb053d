"""Which of the programs that begin are listed, and what is told of each.

Listed are those with a controlling terminal that is none of the session's own, nor one that was
made from there (by ``sudo`` or ``script``). Of a program that has ended already only what its
parents tell is known.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, FrozenSet, List, Optional

from broker.host.execs import seen
from broker.wire.patience import Patience

AT_ONCE, A_SECOND = 400, 40.0
"""So many are told, at once and in the long run; the others are counted."""
OF_A_TERMINAL, A_SECOND_OF_IT = 100, 10.0
"""So many of one terminal: a build at one does not hide what is done at another."""
MOST_CHARACTERS = 1000
"""Of a command line; the rest is cut off, once it is masked."""
_MOST_FORKS = 20_000
_MOST_PARENTS = 16
_MOST_TERMINALS = 1000


class Gathering:
    """Takes the kernel's events in order; ``clock``: seconds that never go back."""

    def __init__(self, mask: Callable[[List[str]], List[str]], clock: Callable[[], float]) -> None:
        self._mask = mask
        self._clock = clock
        self._parents: Dict[int, int] = {}
        self._patience = Patience(AT_ONCE, A_SECOND)
        self._terminals: Dict[int, Patience] = {}
        self._own: FrozenSet[int] = frozenset()
        self._from_own: Dict[int, bool] = {}
        self._ran: List[Dict[str, Any]] = []
        self._lost = 0

    def __bool__(self) -> bool:
        return bool(self._ran or self._lost)

    def is_own(self, terminals: FrozenSet[int]) -> None:
        """These are the session's own terminals from now on."""
        self._own = terminals
        self._from_own.clear()

    def forked(self, parent: int, pid: int) -> None:
        """A process has a parent: who it was is known even where both end at once."""
        self._parents.pop(pid, None)
        self._parents[pid] = parent
        if len(self._parents) > _MOST_FORKS:
            del self._parents[next(iter(self._parents))]

    def begun(self, pid: int) -> None:
        """A process runs a program."""
        argv = seen.argv(pid)  # first: it goes first, too
        there = pid
        stands = seen.standing(pid)
        parent = self._parents.get(pid, 0) if stands is None else stands.parent
        for _ in range(_MOST_PARENTS):
            if stands is not None or there not in self._parents:
                break
            there = self._parents[there]
            stands = seen.standing(there)
        if stands is None or not (stands.tty or there in (pid, parent)):
            self._lost += 1  # gone or hidden, and nobody near is left to say where it was
        elif stands.tty and stands.tty not in self._own and not self._is_from_own(stands):
            self._take(pid, parent, argv if there == pid else None, stands, there)

    def missed(self) -> None:
        """The kernel has dropped some, and does not say how many."""
        self._lost += 1

    def taken(self) -> Dict[str, Any]:
        """What was gathered since the last time: ``{ran, lost}``; ``at`` is by our clock."""
        told = {"ran": self._ran, "lost": self._lost}
        self._ran, self._lost = [], 0
        return told

    def _is_from_own(self, stands: seen.Standing) -> bool:
        """Whether a terminal was made from one of the session's own; looked up once a session."""
        found = self._from_own.get(stands.session)
        if found is None:
            above: Optional[seen.Standing] = stands
            for _ in range(_MOST_PARENTS):
                if above is None or above.tty in self._own:
                    break
                above = seen.standing(above.parent)
            if len(self._from_own) > _MOST_TERMINALS:
                self._from_own.clear()
            found = above is not None and above.tty in self._own
            self._from_own[stands.session] = found
        return found

    def _take(
        self, pid: int, parent: int, argv: Optional[List[str]], stands: seen.Standing, there: int
    ) -> None:
        now = self._clock()
        if len(self._terminals) > _MOST_TERMINALS:
            self._terminals.clear()
        of_it = self._terminals.setdefault(
            stands.session, Patience(OF_A_TERMINAL, A_SECOND_OF_IT)
        )  # by who leads it: the number is soon another's
        if not (of_it.spend(now) and self._patience.spend(now)):
            self._lost += 1
            return
        self._ran.append(
            {
                "at": now,
                "pid": pid,
                "parent": parent,
                "user": seen.user(there) or seen.user(parent),  # it may end while it is read
                "tty": stands.tty,
                "terminal": seen.terminal(stands.tty),
                "argv": argv and _short(self._mask(argv)),
                "cwd": seen.cwd(pid),
            }
        )


def _short(argv: List[str]) -> List[str]:
    left = MOST_CHARACTERS
    kept: List[str] = []
    for word in argv:
        if len(word) > left:
            return [*kept, word[:left] + "…"]
        kept.append(word)
        left -= len(word) + 1
    return kept
