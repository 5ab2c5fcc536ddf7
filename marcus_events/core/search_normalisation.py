"""Normalise texts for search, and define the characters of scripts without spaces between words.

The indexed text and the query both go through `search_form`. Case is folded. Full-width, half-width and presentation
forms become plain letters (NFKC). The Turkish İ and ı become i. Arabic vowel signs and the tatweel, Hebrew points, soft
hyphens, zero-width characters and variation selectors are left out.
"""

from __future__ import annotations

import re
import unicodedata

# Unicode's Default_Ignorable_Code_Point, without those of music and shorthand: characters that are not seen.
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff"
)
ARABIC = (
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u0898-\u089f\u08ca-\u08e1\u08e3-\u08ff"
)
HEBREW = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
REMOVED = re.compile(f"[{IGNORABLE}{ARABIC}{HEBREW}]+")

# Within the brackets of a regular expression: the letters, marks and digits of the scripts that are written without
# spaces between words. Their punctuation separates words as any other does.
UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59\u0e81-\u0edf"  # Thai, Lao
    "\u1000-\u1049\u1050-\u109d\ua9e0-\ua9fe\uaa60-\uaa76\uaa7a-\uaa7f"  # Myanmar
    "\u1780-\u17d3\u17d7\u17dc-\u17f9\u1950-\u19da\u1a20-\u1a99\u1aa7"  # Khmer, Tai Le, New Tai Lue, Tai Tham
    "\u3005-\u3007\u3021-\u3029\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u312f\u31a0-\u31bf\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufad9\U0001aff0-\U0001b167\U00020000-\U000323af"  # Han
)
# Combining marks, which belong to the letter before them: \w has the letters alone. Those beyond U+FFFF are left out,
# since `re` would compare every character with each of them.
MARKS = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)) in ("Mn", "Mc"))


HAS_OTHER = re.compile(f"[{UNSPACED}{MARKS}]")
# Letters and punctuation of Western languages need none of this, and are told by one quick look.
IS_UNCOMMON = re.compile("[^\0-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205f]")


def search_form(text: str) -> str:
    """Return the form in which texts are compared."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold().replace("i\u0307", "i").replace("ı", "i")
    return unicodedata.normalize("NFKC", REMOVED.sub("", folded)) if IS_UNCOMMON.search(folded) else folded


def has_marks_or_no_spaces(text: str) -> bool:
    """Whether a text has combining marks, or characters of scripts without spaces."""
    return IS_UNCOMMON.search(text) is not None and HAS_OTHER.search(text) is not None
