"""One line of the score: what was tried, what failed, and what no failure in so many tries says."""

from __future__ import annotations

from dataclasses import dataclass

RULE_OF_THREE = 3.0  # 0 failures in n tries: the 95 % upper bound of the failure rate is 3/n (Hanley, JAMA 1983;249:1743)


@dataclass(frozen=True)
class Score:
    """The outcome of one reliability test.

    test: T1, T2, …; says: what was tried; tried: how many; failed: a line a failure; allowed: the share that may fail by the
    programme's goal; notes: further figures worth a line (memory, the slowest, survivors).
    """

    test: str
    says: str
    tried: int
    failed: tuple[str, ...] = ()
    allowed: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.tried > 0 and len(self.failed) <= self.allowed * self.tried

    def __str__(self) -> str:
        good = self.tried - len(self.failed)
        bound = f"95 % bound {RULE_OF_THREE / self.tried:.2%}" if self.tried and not self.failed else f"{len(self.failed)} failed"
        lines = [f"{'pass' if self.passed else 'FAIL'}  {self.test:<4} {good} of {self.tried}  {self.says} ({bound})"]
        return "\n".join([*lines, *(f"            {line}" for line in (*self.notes, *self.failed[:20]))])
