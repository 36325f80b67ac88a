"""Truth: the rules of METHODS J and issue 6, asked of the list of accepted acts by code that knows nothing of the transitions (T10)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from carpet.core.errors import Refused
from carpet.core.protocol import ReviewProtocol
from carpet.review.blinding import sight
from carpet.review.cases import (
    OF_CASE,
    Act,
    Adjudicated,
    Assigned,
    Case,
    CaseState,
    Compared,
    Disagreement,
    Edited,
    Opened,
    Planned,
    ReadingState,
    Signed,
    StartedAgain,
    Unlocked,
    act_json,
    act_of,
    case_id,
    choice_of,
    planned,
    stream_of,
    take,
)
from carpet.review.edits import Comment, RemoveEdit
from carpet.review.roles import Person, Role
from carpet.review.signature import Conclusion, reading_digest, signed

AT = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
CARPET, DI = Person("carpet", Role.MACHINE), Person("di", Role.ADMINISTRATOR)
ANN, BEN, EVE = (Person(name, Role.READER) for name in ("ann", "ben", "eve"))
CY, VI = Person("cy", Role.ADJUDICATOR), Person("vi", Role.VIEWER)
ODD = (Person("ann", Role.ADMINISTRATOR), Person("ann", Role.ADJUDICATOR), Person("cy", Role.READER), Person("cy", Role.ADMINISTRATOR))
EVERYBODY = (ANN, BEN, CY, DI, EVE, VI, CARPET, *ODD)
READERS = ("ann", "ben")
DIFFER = (Disagreement(trigger="CATEGORY_DIFFERS", because="CMR and PMR"),)


def plan(**rules: Any) -> Case:
    rules = {"readers": 2} | rules
    return planned(Planned(patient="P007", timepoint="M1", day=29, rules=ReviewProtocol(**rules)), CARPET)


def assigned(**rules: Any) -> Case:
    return take(plan(**rules), Assigned(readers=READERS, adjudicator="cy"), by=DI)


def signature_of(case: Case, person: Person, said: Conclusion) -> Signed:
    own = case.reading_of(person.name)
    digest = reading_digest(case.id, person.name, standing=own.standing if own else (), conclusion=said)
    return Signed(signature=signed(person.name, digest, at=AT, meaning="reading"), conclusion=said)


def choice_by(case: Case, person: Person, choice: str) -> Adjudicated:
    return Adjudicated(choice=choice, signature=signed(person.name, choice_of(case, person.name, choice), at=AT, meaning="choice"))


def signed_by(case: Case, *people: Person) -> Case:
    for person in people:
        if case.reading_of(person.name).state is ReadingState.ASSIGNED:  # type: ignore[union-attr]
            case = take(case, Opened(), by=person)
        case = take(case, signature_of(case, person, Conclusion(category="CMR")), by=person)
    return case


def disputed(**rules: Any) -> Case:
    return take(signed_by(assigned(**rules), ANN, BEN), Compared(disagreements=DIFFER), by=CARPET)


def refused(case: Case, act: Act, by: Person) -> str:
    with pytest.raises(Refused) as caught:
        take(case, act, by=by)
    (code,) = caught.value.codes
    return code


def test_the_way_of_a_case_that_two_readers_agree_on() -> None:
    case = plan()
    assert (case.id, case.state, case.version, case.stands) == ("P007/M1", CaseState.PLANNED, 1, None)
    case = take(case, Assigned(readers=READERS, adjudicator="cy"), by=DI)
    assert (case.state, case.version, case.version_of("ann")) == (CaseState.READING, 2, 0)
    case = take(case, Opened(), by=ANN)
    case = take(case, Edited(edit=Comment(text="one")), by=ANN)
    case = take(case, Edited(edit=Comment(text="two")), by=ANN)
    case = take(case, Edited(edit=RemoveEdit(edit=1)), by=ANN)
    ann = case.reading_of("ann")
    assert ann is not None
    assert (ann.state, ann.version, ann.made, [one.number for one in ann.standing]) == (ReadingState.EDITED, 4, 3, [2])
    case = signed_by(case, ANN, BEN)
    assert (case.state, case.shared, case.stands) == (CaseState.SIGNED, True, None)
    case = take(case, Compared(disagreements=()), by=CARPET)
    assert (case.state, case.stands, case.version_of(OF_CASE), case.version_of("ann")) == (CaseState.SETTLED, "ann", 3, 5)


def test_one_reader_alone_settles_a_case() -> None:
    case = take(plan(readers=1), Assigned(readers=("ann",)), by=DI)
    case = take(signed_by(case, ANN), Compared(disagreements=()), by=CARPET)
    assert (case.state, case.stands, case.shared) == (CaseState.SETTLED, "ann", False)
    case = take(case, Unlocked(whose="ann", reason="missed a node"), by=ANN)
    assert case.state is CaseState.READING
    assert refused(signed_by(case, ANN), Compared(disagreements=DIFFER), CARPET) == "REVIEW_STEP_UNFIT"


def test_an_adjudicator_chooses() -> None:
    case = disputed()
    assert (case.state, case.stands) == (CaseState.DISPUTED, None)
    assert refused(case, Opened(), CY) == "REVIEW_OTHER_ADJUDICATION"
    assert refused(case, choice_by(case, CY, "cy"), CY) == "REVIEW_STEP_UNFIT"
    assert refused(case, choice_by(case, CY, "ben"), ANN) == "REVIEW_ROLE_FORBIDS"
    assert refused(case, choice_by(case, CY, "ben"), ODD[1]) == "REVIEW_NOT_YOURS"
    after = take(case, choice_by(case, CY, "ben"), by=CY)
    assert (after.state, after.stands) == (CaseState.SETTLED, "ben")
    assert refused(after, choice_by(case, CY, "ann"), CY) == "REVIEW_NO_DISAGREEMENT"


def test_an_adjudicator_reads_a_third_time() -> None:
    case = disputed(adjudication="third_read")
    assert refused(case, choice_by(case, CY, "ben"), CY) == "REVIEW_OTHER_ADJUDICATION"
    case = take(take(case, Opened(), by=CY), Edited(edit=Comment(text="third")), by=CY)
    assert case.state is CaseState.DISPUTED
    case = take(case, signature_of(case, CY, Conclusion(category="PMR")), by=CY)
    assert (case.state, case.stands) == (CaseState.SETTLED, "cy")
    again = take(case, Unlocked(whose="cy", reason="wrong score"), by=CY)
    assert (again.state, again.stands) == (CaseState.DISPUTED, None)


def test_nobody_adjudicates_what_is_not_in_dispute() -> None:
    case = signed_by(assigned(adjudication="third_read"), ANN)
    assert refused(case, Opened(), CY) == "REVIEW_NO_DISAGREEMENT"
    agreed = take(signed_by(assigned(), ANN, BEN), Compared(disagreements=()), by=CARPET)
    assert refused(agreed, choice_by(agreed, CY, "ann"), CY) == "REVIEW_NO_DISAGREEMENT"


def test_a_signed_reading_is_locked_until_it_is_unlocked_with_a_reason() -> None:
    case = signed_by(assigned(), ANN)
    for act in (Opened(), Edited(edit=Comment(text="late")), signature_of(case, ANN, Conclusion())):
        assert refused(case, cast("Act", act), ANN) == "REVIEW_LOCKED"
    assert refused(case, Unlocked(whose="ann", reason="  "), ANN) == "REVIEW_REASON_MISSING"
    assert refused(case, Unlocked(whose="ben", reason="why not"), DI) == "REVIEW_STEP_UNFIT"
    assert refused(case, Unlocked(whose="ann", reason="why not"), BEN) == "REVIEW_NOT_YOURS"
    assert refused(case, Unlocked(whose="eve", reason="why not"), DI) == "REVIEW_NOT_YOURS"
    after = take(case, Unlocked(whose="ann", reason="missed a node"), by=ANN)
    ann = after.reading_of("ann")
    assert ann is not None
    assert (ann.state, ann.signature, ann.conclusion, ann.after_sight) == (ReadingState.UNLOCKED, None, None, False)
    assert [(one.by, one.reason, one.signature.name) for one in ann.voided] == [("ann", "missed a node", "ann")]


def test_after_both_have_signed_only_an_administrator_unlocks_and_it_is_said() -> None:
    case = take(disputed(), choice_by(disputed(), CY, "ben"), by=CY)
    assert refused(case, Unlocked(whose="ann", reason="I agree now"), ANN) == "REVIEW_UNLOCK_TOO_LATE"
    assert refused(case, Unlocked(whose="ann", reason="I say so"), ODD[0]) == "REVIEW_NOT_YOURS"
    after = take(case, Unlocked(whose="ann", reason="wrong scan shown"), by=DI)
    ann, third = after.reading_of("ann"), after.third
    assert ann is not None
    assert third is not None
    assert (ann.after_sight, after.state, after.chosen, after.disagreements) == (True, CaseState.READING, None, None)
    assert (third.signature, len(third.voided), third.version) == (None, 1, 1)


def test_what_was_found_first_is_never_forgotten() -> None:
    assert assigned().first_disagreements is None
    case = take(disputed(), Unlocked(whose="ann", reason="wrong"), by=DI)
    assert (case.disagreements, case.first_disagreements) == (None, DIFFER)
    case = take(signed_by(case, ANN), Compared(disagreements=()), by=CARPET)
    assert (case.disagreements, case.first_disagreements) == ((), DIFFER)


def test_what_was_seen_is_not_forgotten_when_the_other_is_unlocked() -> None:
    case = take(disputed(), Unlocked(whose="ben", reason="wrong scan"), by=DI)
    assert refused(case, Unlocked(whose="ann", reason="now that I have seen it"), ANN) == "REVIEW_UNLOCK_TOO_LATE"
    ben = case.reading_of("ben")
    assert ben is not None
    assert ben.after_sight


@pytest.mark.parametrize("change", [{"name": "ben"}, {"digest": "0" * 64}, {"meaning": "choice"}])
def test_a_signature_of_something_else_is_refused(change: dict[str, Any]) -> None:
    case = take(assigned(), Opened(), by=ANN)
    right = signature_of(case, ANN, Conclusion()).signature
    made = {"name": right.name, "digest": right.digest, "meaning": "reading"} | change
    wrong = signed(made["name"], made["digest"], at=AT, meaning=made["meaning"])
    assert refused(case, Signed(signature=wrong, conclusion=Conclusion()), ANN) == "REVIEW_SIGNATURE_UNFIT"
    stale = signature_of(case, ANN, Conclusion())
    assert refused(take(case, Edited(edit=Comment(text="more")), by=ANN), stale, ANN) == "REVIEW_SIGNATURE_UNFIT"


def test_nobody_signs_what_was_never_opened_or_reads_for_another() -> None:
    case = assigned()
    assert refused(case, signature_of(case, ANN, Conclusion()), ANN) == "REVIEW_STEP_UNFIT"
    for person in (EVE, ODD[2]):
        assert refused(case, Opened(), person) == "REVIEW_NOT_YOURS"
    assert refused(case, Opened(), VI) == "REVIEW_ROLE_FORBIDS"
    assert refused(take(case, Opened(), by=ANN), Opened(), ANN) == "REVIEW_STEP_UNFIT"


@pytest.mark.parametrize(("readers", "adjudicator"), [(("ann",), "cy"), ((), ""), (("ann", "ann"), "cy"), (("ann", "ben"), "ann")])
def test_unfit_assignments_are_refused(readers: tuple[str, ...], adjudicator: str) -> None:
    assert refused(plan(), Assigned(readers=readers, adjudicator=cast("Any", adjudicator)), DI) == "REVIEW_ASSIGNMENT_UNFIT"


def test_who_has_begun_stays() -> None:
    case = take(assigned(), Opened(), by=ANN)
    for readers, adjudicator in ((("ben", "ann"), "cy"), (("eve", "ben"), "cy"), (("eve", "ben"), "ann")):
        assert refused(case, Assigned(readers=readers, adjudicator=adjudicator), DI) == "REVIEW_ASSIGNMENT_UNFIT"
    after = take(case, Assigned(readers=("ann", "eve"), adjudicator="ben"), by=DI)
    assert [one.who for one in after.readings] == ["ann", "eve"]
    assert after.reading_of("ann") == case.reading_of("ann")
    third = take(disputed(adjudication="third_read"), Opened(), by=CY)
    assert refused(third, Assigned(readers=READERS, adjudicator="eve"), DI) == "REVIEW_ASSIGNMENT_UNFIT"


def test_acts_go_to_json_and_come_back() -> None:
    case = disputed()
    acts: list[Act] = [
        Planned(patient="P007", timepoint="M1", day=-3, rules=ReviewProtocol(readers=2)),
        Assigned(readers=READERS, adjudicator="cy"),
        Opened(),
        Edited(edit=Comment(text="ä")),
        signature_of(case, ANN, Conclusion(tmtv_ml=3.5)),
        Compared(disagreements=DIFFER),
        Unlocked(whose="ann", reason="why"),
        choice_by(case, CY, "ben"),
    ]
    for act in acts:
        assert act_of(json.loads(json.dumps(act_json(act)))) == act
    assert [stream_of(act, ANN) for act in acts] == ["", "", "ann", "ann", "ann", "", "ann", "ann"]
    assert case_id("P007", "M1") == "P007/M1"
    for value in ({}, {"act": "forgotten"}, {"act": "opened", "more": 1}):
        with pytest.raises(ValueError):
            act_of(value)
    with pytest.raises(Refused):
        planned(cast("Planned", acts[0]), ANN)
    assert refused(case, acts[0], CARPET) == "REVIEW_CASE_EXISTS"


SEEN: Counter[str] = Counter()  # what the machine below has reached, so that it cannot pass by doing nothing


@dataclass(frozen=True)
class Done:
    """An accepted act, and who did it."""

    act: Act
    by: Person


class Room(RuleBasedStateMachine):
    """People do whatever they like, whether they may or not; what was accepted is judged by the list of it alone."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[Done] = []

    @initialize(adjudication=st.sampled_from(["choose", "third_read"]), readers=st.sampled_from([2, 2, 2, 1]))
    def begin(self, adjudication: str, readers: int) -> None:
        self.case = plan(adjudication=adjudication, readers=readers)
        self.attempt(Assigned(readers=READERS[:readers], adjudicator=cast("Any", "cy" if readers == 2 else "")), DI)

    def attempt(self, act: Act, by: Person) -> None:
        try:
            self.case = take(self.case, act, by=by)
        except Refused as refusal:
            SEEN.update(("refused", *refusal.codes))
            return
        self.done.append(Done(act, by))
        SEEN.update((act.act, self.case.state.value))
        if isinstance(act, Unlocked) and any(one.after_sight for one in self.case.readings):
            SEEN["unlocked after sight"] += 1

    people = st.sampled_from((ANN, ANN, ANN, BEN, BEN, BEN, CY, CY, *EVERYBODY))

    @rule(by=people)
    def start_again(self, by: Person) -> None:
        self.attempt(StartedAgain(), by)

    @rule(by=people)
    def open(self, by: Person) -> None:
        self.attempt(Opened(), by)

    @rule(by=people, text=st.sampled_from(["a", "b"]))
    def edit(self, by: Person, text: str) -> None:
        self.attempt(Edited(edit=Comment(text=text)), by)

    @rule(by=people, number=st.integers(1, 6))
    def take_back(self, by: Person, number: int) -> None:
        self.attempt(Edited(edit=RemoveEdit(edit=number)), by)

    @rule(by=people, category=st.sampled_from(["CMR", "PMR"]), forged=st.sampled_from([False, False, False, True]), compares=st.booleans())
    def sign(self, by: Person, category: str, forged: bool, compares: bool) -> None:
        act = signature_of(self.case, by, Conclusion(category=category))
        own = self.case.reading_of(by.name)
        if forged or (own and own.made % 3 == 2):
            act = Signed(signature=act.signature, conclusion=Conclusion(category="SD"))
        self.attempt(act, by)
        if compares and self.case.state is CaseState.SIGNED:
            self.compare(CARPET, differ=len(self.case.readings) == 2)

    @rule(by=st.sampled_from((CARPET, CARPET, CARPET, *EVERYBODY)), differ=st.booleans())
    def compare(self, by: Person, differ: bool) -> None:
        self.attempt(Compared(disagreements=DIFFER if differ else ()), by)

    @rule(
        by=st.sampled_from((DI, DI, *EVERYBODY)), whose=st.sampled_from(["ann", "ben", "cy", "eve"]), reason=st.sampled_from(["r", "r", ""])
    )
    def unlock(self, by: Person, whose: str, reason: str) -> None:
        self.attempt(Unlocked(whose=whose, reason=reason), by)

    @rule(by=st.sampled_from((CY, CY, CY, *EVERYBODY)), choice=st.sampled_from(["ann", "ben", "cy"]))
    def adjudicate(self, by: Person, choice: str) -> None:
        self.attempt(choice_by(self.case, by, choice), by)

    @rule(by=st.sampled_from((DI, *EVERYBODY)), readers=st.sampled_from([READERS, ("ben", "ann"), ("ann", "eve"), ("ann",)]))
    def assign(self, by: Person, readers: tuple[str, ...]) -> None:
        self.attempt(Assigned(readers=readers, adjudicator="cy"), by)

    @rule(ways=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([True, True, False])), min_size=1, max_size=5))
    def go_on(self, ways: list[tuple[int, bool]]) -> None:
        """What the next honest people would do, so that the far states are reached too."""
        for which, differ in ways:
            self.honest(which, differ)

    def honest(self, which: int, differ: bool) -> None:
        people = {"ann": ANN, "ben": BEN, "eve": EVE}
        late = [people[one.who] for one in self.case.readings if one.state is not ReadingState.SIGNED]
        if self.case.state is CaseState.SIGNED:
            self.compare(CARPET, differ=differ and len(self.case.readings) == 2)
        elif self.case.state is CaseState.DISPUTED and self.case.rules.adjudication == "choose":
            self.attempt(choice_by(self.case, CY, READERS[which % 2]), CY)
        elif late or self.case.state is CaseState.DISPUTED:
            self.come_on(late[which % len(late)] if late else CY)
        else:
            self.attempt(Unlocked(whose="ann", reason="I agree now"), ANN)
            for reason in ("", "again"):
                self.attempt(Unlocked(whose=(*READERS, "cy")[which], reason=reason), DI)

    def come_on(self, person: Person) -> None:
        """Opens, and signs; tries on the way what must not work."""
        self.attempt(Opened(), person)
        self.attempt(Edited(edit=Comment(text="seen")), person)
        right = signature_of(self.case, person, Conclusion(category="CMR"))
        self.attempt(Signed(signature=right.signature, conclusion=Conclusion(category="SD")), person)
        self.attempt(choice_by(self.case, CY, "ann"), CY)
        self.attempt(right, person)
        self.attempt(Edited(edit=Comment(text="late")), person)

    # what the list of accepted acts says, without a look at the case

    def readers(self, until: int | None = None) -> tuple[str, ...]:
        return [one.act.readers for one in self.done[:until] if isinstance(one.act, Assigned)][-1]

    def locked(self, name: str, until: int | None = None) -> bool:
        """The last thing that happened to a name's signature was that it was given."""
        now = False
        for one in self.done[:until]:
            if isinstance(one.act, (Signed, Adjudicated)) and one.by.name == name:
                now = True
            elif isinstance(one.act, Unlocked) and (one.act.whose == name or name == "cy"):
                now = False  # an adjudication rests on both readings
        return now

    def all_locked(self, until: int | None = None) -> bool:
        return all(self.locked(name, until) for name in self.readers(until))

    def both_were_locked(self, until: int) -> bool:
        """Both had signed at one time, whatever was unlocked since: what was seen is not forgotten."""
        return len(self.readers(until)) == 2 and any(self.all_locked(n) for n in range(1, until + 1))

    def last(self, kind: type[Any]) -> int:
        return max((n for n, one in enumerate(self.done) if isinstance(one.act, kind)), default=-1)

    def in_dispute(self, until: int | None = None) -> bool:
        """The last comparison found something, and no reader's signature was voided since."""
        past = self.done[:until]
        compared = max((n for n, one in enumerate(past) if isinstance(one.act, Compared)), default=-1)
        voided = max((n for n, one in enumerate(past) if isinstance(one.act, Unlocked) and one.act.whose != "cy"), default=-1)
        return compared > voided and bool(cast("Compared", past[compared].act).disagreements)

    def edits_of(self, name: str) -> list[dict[str, Any]]:
        mine = [one.act for one in self.done if isinstance(one.act, (Edited, StartedAgain)) and one.by.name == name]
        begun = max((n for n, act in enumerate(mine) if isinstance(act, StartedAgain)), default=-1)
        gone = sum(isinstance(act, Edited) for act in mine[: begun + 1])
        made = [act.edit for act in mine if isinstance(act, Edited)]
        back = {edit.edit for edit in made if isinstance(edit, RemoveEdit)}
        return [
            {"number": n, "edit": edit.model_dump(mode="json")}
            for n, edit in enumerate(made, start=1)
            if n > gone and n not in back and not isinstance(edit, RemoveEdit)
        ]

    @invariant()
    def lock(self) -> None:
        for n, one in enumerate(self.done):
            if isinstance(one.act, (Opened, Edited, StartedAgain, Signed)):
                assert not self.locked(one.by.name, n), "changed while it was locked"
                own = one.by.role is Role.READER and one.by.name in self.readers(n)
                assert own or one.by == CY, "changed by somebody else"

    @invariant()
    def signature(self) -> None:
        for name in (*self.readers(), "cy"):
            reading = self.case.reading_of(name)
            if reading is None:
                continue
            assert (reading.signature is not None) is (reading.state is ReadingState.SIGNED) is self.locked(name)
            if reading.signature is not None and reading.conclusion is not None:
                said = {
                    "case": "P007/M1",
                    "reader": name,
                    "edits": self.edits_of(name),
                    "conclusion": reading.conclusion.model_dump(mode="json"),
                }
                text = json.dumps(said, sort_keys=True, separators=(",", ":"))
                assert reading.signature.digest == hashlib.sha256(text.encode()).hexdigest(), "signed is not what stands there"
                assert reading.signature.name == name
            unlocked = [n for n, one in enumerate(self.done) if isinstance(one.act, Unlocked) and one.act.whose == name]
            assert reading.after_sight is (name != "cy" and any(map(self.both_were_locked, unlocked)))
        for n, one in enumerate(self.done):
            if isinstance(one.act, Unlocked):
                assert one.act.reason
                assert self.locked(one.act.whose, n), "nothing was locked"
                if one.by.role is Role.READER:
                    assert one.by.name == one.act.whose
                    assert not self.both_were_locked(n), "unlocked after sight of the other"
                else:
                    part_of_it = one.by.name in (*self.readers(n), *(("cy",) if len(self.readers(n)) == 2 else ()))
                    outside = one.by.role is Role.ADMINISTRATOR and not part_of_it
                    assert outside or (one.by == CY and one.act.whose == "cy")

    @invariant()
    def blinding(self) -> None:
        readers, both = self.readers(), self.all_locked()
        for person in (ANN, BEN, EVE):
            mine = sight(self.case, person)
            if person.name not in readers:
                assert not mine.images
                assert not mine.readings
                continue
            assert (set(mine.readings) >= set(readers)) is (both or len(readers) == 1), "saw the other's reading, or could not"
            assert "cy" not in mine.readings or self.locked("cy")
        seen = sight(self.case, CY)
        assert (seen.images, bool(seen.readings)) == ((self.in_dispute(),) * 2 if len(readers) == 2 else (False, False))
        settled = both and self.last(Compared) > self.last(Unlocked) and (not self.in_dispute() or self.locked("cy"))
        settled = settled or (both and self.in_dispute() and self.locked("cy"))
        assert sight(self.case, VI).images is settled is (self.case.stands is not None)
        for person in ODD:
            if self.case.reading_of(person.name) is not None:
                assert not sight(self.case, person).readings, "another role of a reader sees more"

    @invariant()
    def adjudication(self) -> None:
        for n, one in enumerate(self.done):
            if isinstance(one.act, Adjudicated) or (isinstance(one.act, (Opened, Edited, Signed)) and one.by.role is Role.ADJUDICATOR):
                assert one.by == CY
                assert "cy" not in self.readers(n)
                assert self.in_dispute(n), "nothing was in dispute"
                assert not self.locked("cy", n), "settled twice"
                chose = isinstance(one.act, Adjudicated)
                assert chose is (self.case.rules.adjudication == "choose"), "not the protocol's way"
        if self.in_dispute():
            assert (self.case.stands is not None) is self.locked("cy")

    @invariant()
    def versions(self) -> None:
        counts = Counter(stream_of(one.act, one.by) for one in self.done)
        for stream in ("", "ann", "ben", "cy", "eve"):
            assert self.case.version_of(stream) == counts[stream] + (stream == "")  # it was planned


def played(examples: int) -> None:
    SEEN.clear()
    calm = settings(max_examples=examples, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Room, settings=calm)  # type: ignore[no-untyped-call]
    wanted = {"opened", "edited", "signed", "compared", "unlocked", "unlocked after sight", "adjudicated", "disputed", "settled"}
    wanted |= {f"REVIEW_{code}" for code in ("LOCKED", "NOT_YOURS", "ROLE_FORBIDS", "NO_DISAGREEMENT", "SIGNATURE_UNFIT", "REASON_MISSING")}
    assert wanted - SEEN.keys() == set(), SEEN


def test_nothing_breaks_lock_blinding_adjudication_and_signature() -> None:
    played(80)


@pytest.mark.slow
def test_nothing_breaks_them_in_two_thousand_rooms() -> None:
    played(2_000)
