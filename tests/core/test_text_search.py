"""Words: what counts as one, and what counts as said."""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marcus_events.core.search_normalisation import HAS_OTHER, IS_UNCOMMON, REMOVED, search_form
from marcus_events.core.text_search import (
    IS_UNSPACED,
    MAX_LETTERS,
    MAX_POSITION,
    MAX_POSITIONS,
    PLAIN,
    TEXT_BREAK,
    Words,
    phrase,
    texts_in,
    tokens,
    word_run,
)

words = st.text("ab1é", min_size=1, max_size=3)
texts = st.lists(st.lists(words, max_size=8).map(" ".join), max_size=4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Task_blocked: t-1", ["task", "blocked", "t", "1"]),
        ("Straße, NAÏVE", ["strasse", "naïve"]),
        ("nai\u0308ve", ["naïve"]),  # the same in two characters
        ("日本語 テスト", ["日本", "本語", "語", "テス", "スト", "ト"]),
        ("API接口v2版", ["api", "接口", "口", "v2", "版"]),
        ("录、失", ["录", "失"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),  # a mark belongs to the letter before it
        ("-- & !", []),
        ("x" * 120, ["x" * MAX_LETTERS]),
    ],
)
def test_words_are_runs_of_letters_and_digits(text: str, found: list[str]) -> None:
    assert tokens(text) == found


ascii_texts = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=60)


@given(st.lists(ascii_texts | st.integers(98, 260).map("aB".__mul__), max_size=4))
def test_words_of_ascii_are_those_of_the_general_rule(texts: list[str]) -> None:
    assert word_run(texts) == PLAIN.findall(f"{TEXT_BREAK} ".join(texts).lower())


@given(st.text())
def test_of_a_word_nothing_is_left_that_separates(text: str) -> None:
    for word in tokens(text):
        for sign in word:
            assert sign.isalnum() or unicodedata.category(sign) in ("Mn", "Mc") or IS_UNSPACED.match(sign), hex(
                ord(sign)
            )
        assert 0 < len(word) <= MAX_LETTERS


@pytest.mark.parametrize(
    "same",
    [
        ["ＡＰＩ１２３", "api123"],
        ["ｶﾞｽ", "ガス", "カ\u3099ス"],
        ["İSTANBUL", "ISTANBUL", "İstanbul", "ıstanbul", "istanbul"],
        ["مُحَمَّد", "محمد", "محـــمد", "\ufee3\ufea4\ufee4\ufeaa"],
        ["שָׁלוֹם", "שלום"],
        ["co\u00adoper\u200bate\ufeff", "cooperate"],
        ["nai\u00ad\u0308ve", "naïve", "na\u00efve"],
        ["\u06a9\u062a\u0627\u0628\u200c\u0647\u0627", "\u06a9\u062a\u0627\u0628\u0647\u0627"],
        ["登\u200b录\ufe00失败", "登录失败"],
        ["ﬁle", "file"],
    ],
)
def test_what_a_reader_takes_for_the_same_is_the_same_word(same: list[str]) -> None:
    assert len({tuple(tokens(text)) for text in same}) == 1
    for text in same:
        assert all(Words.of([f"x {text} y"]).said(phrase(other)) for other in same)


@pytest.mark.parametrize(
    "text",
    [
        "数据库连接失败，请重试",
        "データベースに接続できません",
        "ｶﾞｽの供給が停止",
        "เซิร์ฟเวอร์ไม่ตอบสนอง",
        "ເຊີບເວີບໍ່ຕອບ",
        "𠀀𠀁𠀂API接口v2",
    ],
)
def test_without_spaces_any_part_of_a_run_is_said_and_nothing_else(text: str) -> None:
    plain, said = search_form(text), Words.of([f"a {text} b", text])
    for run in re.findall(r"[^\Wa-z0-9]+", "".join(sign if IS_UNSPACED.match(sign) else " " for sign in plain)):
        parts = [run[n:end] for n in range(len(run)) for end in range(n + 1, len(run) + 1)]
        for part in parts:
            assert said.said(phrase(part))
            assert said.said(phrase(f"{part}*"))
    assert not said.said(phrase(plain[1] + plain[0]))


def test_what_stands_beside_a_run_without_spaces_is_said_with_it() -> None:
    said = Words.of(["API接口v2"])
    for value in ("API接口", "api接", "口v2", "接口v2", "api 接口 v*"):
        assert said.said(phrase(value)), value
    for value in ("api口", "接v2", "接口 v"):
        assert not said.said(phrase(value)), value


def test_the_scripts_without_spaces_hold_no_separator_and_the_quick_look_misses_nothing() -> None:
    for code in range(sys.maxunicode + 1):
        if REMOVED.match(chr(code)) or HAS_OTHER.match(chr(code)):
            assert IS_UNCOMMON.match(chr(code)), hex(code)
        if IS_UNSPACED.match(chr(code)):
            assert unicodedata.category(chr(code))[0] in "LMN" or unicodedata.category(chr(code)) == "Cn", hex(code)


@given(texts, st.lists(words, min_size=1, max_size=3), st.booleans())
def test_words_are_said_if_they_stand_side_by_side_in_one_text(
    said: list[str], asked: list[str], is_prefix: bool
) -> None:
    def in_text(text: str) -> bool:
        found = tokens(text)
        spans = (found[n : n + len(asked)] for n in range(len(found)))
        return any(is_these(span) for span in spans if len(span) == len(asked))

    def is_these(span: list[str]) -> bool:
        return span[:-1] == asked[:-1] and (span[-1].startswith(asked[-1]) if is_prefix else span[-1] == asked[-1])

    wanted = phrase(" ".join(asked) + ("*" if is_prefix else ""))
    assert Words.of(said).said(wanted) == any(map(in_text, said))


def test_what_has_no_word_is_never_said() -> None:
    assert not Words.of(["a"]).said(phrase("*"))


def test_places_are_bounded_and_every_word_is_found_all_the_same() -> None:
    found = Words.of([" ".join(["a"] * 1_000 + [f"w{n}" for n in range(20_000)] + ["last", "word"])])
    assert len(found.places["a"]) == MAX_POSITIONS
    assert found.places["last"] == [MAX_POSITION]
    assert found.said(phrase("last"))
    assert found.said(phrase("w5 w6"))
    assert not found.said(phrase("last word"))


@given(st.recursive(st.none() | st.integers() | words, lambda inner: st.lists(inner) | st.dictionaries(words, inner)))
def test_keys_are_not_said(value: Any) -> None:
    assert all(isinstance(text, str) for text in texts_in(value))
    assert texts_in({"key": value}) == texts_in(value)
