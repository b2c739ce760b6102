r"""Captions into words, as the COCO caption evaluation splits them, without Java.

The toolkit (Chen et al. 2015, "Microsoft COCO Captions") runs Stanford's PTBTokenizer 3.4.1 with
`-preserveLines -lowerCase` and drops punctuation. This is its lexer with the rules that captions
need: of all that match at a place the longest wins, and among equals the first. All captions of
Flickr8k and of COCO's val2017 come out the same. What differs:

- Each caption stands alone. Java lets the next line decide whether a caption's last "A." is an
  initial; here it is none, as before a next caption that begins with "A" or "The".
- A fraction or telephone number with a space ("1 1/2") is several words, as BLEU and CIDEr see it;
  Java's one token with a no-break space inside counts as one in the toolkit's ROUGE.
- Missing are: HTML entities other than the seven of `_ENTITIES`, addresses without `http://`, rare
  emoticons, words with a digit first and an underscore, runs of different quotation marks, and
  an abbreviation with the next word glued to it ("etc.b").
- Letters and combining marks that Java did not know in 2014 (Indic scripts), control characters.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

_PUNCTUATION = frozenset("'’`\".,:;?!-‐‑") | {"''", "``", "...", "--", "---", "----"}
_BRACKETS = {"[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-"}
_ENTITIES = {
    **{"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'"},
    **{"&nbsp;": " ", "&mdash;": " "},
}
_ENTITY = re.compile("|".join(_ENTITIES))
_SYMBOL = re.compile(
    "[¡¥-©¬®-´¶-¹¿×÷‖‗‚„†‡•‣‰-‸※‾-⁂⁄⁰⁴-⁾₀-₎℀-⅏⅕-⅞←-⯿、。〒・！-／：-＠［-｀｛-･￠￡￥￦]"
)


class _Characters(dict[int, str]):
    """A translation: ASCII and letters stay, symbols stand alone, all others are spaces."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        stays = "!" <= char <= "~" or _joins(char)
        self[code] = char if stays else f" {char} " if _SYMBOL.match(char) else " "
        return self[code]


def _joins(char: str) -> bool:
    """Whether Java takes the character for a letter; nothing beyond 16 bits is one."""
    kind = unicodedata.category(char)
    letter = kind[0] == "L" or kind == "Nd" or (kind[0] == "M" and char < "\u0f00")
    return (letter and char <= "\uffff") or "\u02c2" <= char <= "\u02ff"


_CHARACTERS = _Characters(
    {ord(char): char for char in "’‐‑"}
    | {ord(char): "`" for char in "‘‛‹"}
    | {ord(char): '"' for char in "“”«»"}
    | {ord(char): " $ " for char in "€¤₠"}
    | {ord("£"): " # ", ord("¢"): " cents ", 0xAD: ""}
    | dict(zip(map(ord, "¼½¾⅓⅔"), (" 1/4 ", " 1/2 ", " 3/4 ", " 1/3 ", " 2/3 "), strict=True))
)

_SHORT = (
    "adj adm adv al ala alex apr ariz assn assoc asst atty aug ave bhd bldg blvd brig bros calif "
    "capt cf cie cmdr co col colo comdr conn corp cos cpl ct dak dec dept det dr drs elec ens esq "
    "est etc ext feb fla fri ft ga gen gov govs hon inc ind insp intl invt jan jos jr jul jun kan "
    "kans ky lieut lt ltd maj mar md messrs mfg mich minn mlle mme mo mon mont mr mrs ms msgr mt "
    "mtg natl neb nev nov oct okla penn pfc ph plc ppte ppty pres prof profs pte ptes pty ptys pvt "
    "rd rep reps rev rt sen sens sep sept seq sfc sgt spc sq sr st ste supt sys tel tenn thu thurs "
    "treas tue tues univ va vs vt wed wis wisc wm wyo"
).replace(" ", "|")
_STATE = "Ark|Az|Del|Ill|La|Mass|Miss|Ore|Pa|Tex|Wash"  # small, they are words
_NUMBERED = "art|ca|figs?|nos?|op|pp|prop"
_OPENING = (
    "A|About|According|After|An|As|At|But|Earlier|He|Her|Here|However|If|In|It|Last|Many|More|Now|"
    "Once|One|Other|Our|She|Since|So|Some|Such|That|The|Their|Then|There|These|They|This|We|What|"
    "When|While|Yet|You"
)
_ELIDED = "s'mores|[eo]'er|ne'er|nor'easter|cap'n|c'mon|c'est|d'ye|ev'ry|li'l|nat'l|cont'd\\."
_L = r"[A-Za-z\x80-\u200f\u2020-\uffff]"  # once translated, what is not ASCII is a letter
_X = rf"(?:{_L}|\d)"
_W = rf"{_L}{_X}*(?:[.!?]{_L}{_X}*)*"
_A = "['’]"
_H = "[-‐‑]"
_HYPHENED = rf"{_X}(?:{_X}|[.,]{_X})*(?:{_H}{_X}+)"
_SLASHED = r"[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}"
_MERGED = "(can)not|(gon|wan)na|(got)ta|(gim|lem)me|('t)(?:is|was)"

# A rule's last group that matched is the token; what it matches beyond counts for its length.
_RULES = tuple(
    re.compile(rule)
    for rule in (
        rf"(?i:{_MERGED})",
        rf"({_W})",
        rf"({_X}+)",
        rf"({_W}){_A}(?i:[msd]|re|ve|ll)(?![A-Za-z])",  # dog|'s
        r"([A-Za-z]*[A-MO-Za-mo-z])[nN]['’`][tT]",  # do|n't
        r"([nN]['’`][tT]|'(?i:[msd]|re|ve|ll)(?![A-Za-z])|’(?i:[msd]|re|ve|ll))",
        rf"((?i:{_A}n{_A}|{_A}n(?!{_L})|{_A}em|{_A}till?|{_A}cause|[djly]{_A}))",
        rf"((?i:(?:ol|dunkin|somethin){_A}|{_ELIDED}))",
        rf"({_A}\d\d(?=\s|$)|{_A}[2-9]0[sS])",  # '08, '90s
        rf"([A-HJ-XZdlno]{_A}{_L}{{2,}}|[A-Za-z]+[aeiouyAEIOUY]{_A}[aeiouA-Z][A-Za-z]*)",
        rf"({_HYPHENED}+)",
        rf"({_HYPHENED}*{_H}{_L}(?:\.{_L})+\.)",
        rf"({_SLASHED}(?:\\?/{_SLASHED}){{1,2}})",
        rf"({_L}{_X}*(?:_{_X}+)+(?:-{_X}+)*)",
        r"((?:\d{1,4}[- ])?\d{1,4}/\d{1,4}|\d{1,2}[-/]\d{1,2}[-/]\d{2,4})",
        r"((?:\(\d{2,3}\) ?|(?:\+\+?)?(?:\d{2,4}[- ])?\d{2,4}[- ])\d{3,4}[- ]?\d{3,5})",
        r"([-+]?(?:\d*(?:[.:,]\d+)+|\d+))",
        rf"({_L}(?:\.{_L})+\.)",  # u.s.
        rf"([A-Za-z]\.)(?!\s*$|\s+(?:{_OPENING})\b)",
        rf"((?i:{_SHORT})\.|(?:{_STATE}|{_STATE.upper()})\.)",
        rf"((?i:{_NUMBERED})\.) ?\d",
        r"([A-Z]+(?:[+&][A-Z]+)+|[A-Z]*\$)",  # AT&T, US$
        r'(https?://[^\s"<>|(){}]+[^\s"<>|.!?(){},-])',
        r'([a-zA-Z0-9][^\s"<>|(){}]*@(?:[^\s"<>|(){}.]+\.)*[^\s"<>|(){}.,!?]+)',
        rf"(@[A-Za-z_][A-Za-z0-9_]*|#{_L}+|</?[A-Za-z!][^<>]*>)",
        r"([!?]+|_+|[@#]+|\*+|<<|>>|\.\.\.|-{2,4}|''|``)",
        r"((?:<?>?[:;=]['-]?[()DdPp|@]|[:=]-?[\]{\[]|:3)(?![A-Za-z0-9]))",
        r"(\(?[-^x=~<>']_[-^x=~<>']\)?|\([-^x=~<>']\.?[-^x=~<>']\))",
        r"(.)",
    )
)
# Most of a caption, where no rule is longer: words before a space or comma, the stop at the end.
_PLAIN = re.compile(rf"(?!(?i:{_MERGED})\b)([A-Za-z]+)(?=,? |,?$)|( |,(?= |$)|\.$)")
_CURLY = re.compile("’(?:[msd]|re|ve|ll)|n’t")


def tokenize(captions: Sequence[str]) -> list[list[str]]:
    """The words of each caption, lower-case, without punctuation; no word holds white space.

    Any white space, line ends included, only separates words. A caption may have no words.
    """
    return [list(_words(caption)) for caption in captions]


def _words(caption: str) -> Iterator[str]:
    named = _ENTITY.sub(lambda entity: _ENTITIES[entity[0]], caption)
    for token in _tokens(named.translate(_CHARACTERS)):
        word = _BRACKETS.get(token, token.lower())
        if _CURLY.fullmatch(word):
            word = word.replace("’", "'")
        if word not in _PUNCTUATION:
            yield from word.replace("(", "-lrb-").replace(")", "-rrb-").split()


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = _PLAIN.match(text, at) or _longest(text, at)
        token = found.lastindex or 0
        yield found[token]
        at = found.end(token)


def _longest(text: str, at: int) -> re.Match[str]:
    found = (rule.match(text, at) for rule in _RULES)
    return max((match for match in found if match), key=lambda match: match.end())
