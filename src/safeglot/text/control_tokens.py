"""Control tokens of chat templates: those that close a turn, and all that a server may read as one."""

from __future__ import annotations

import re

TOKEN = re.compile(
    r"<\|[\w/][^<>\s]{0,63}>"  # <|im_start|>, <|turn>
    r"|<[\w/][^<>\s]{0,62}\|>"  # <turn|>
    r"|<\uff5c[^<>\n]{1,64}\uff5c>"  # DeepSeek, with full-width bars
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|gMASK)\]"
    r"|<</?SYS>>|</?s>|<(?:bos|eos|pad|unk|sop)>|<(?:start|end)_of_(?:turn|image)>",
    re.IGNORECASE,
)
"""Any of them, wherever it stands."""

_LONGEST = 40
"""Characters of a closing token at most."""
_GAP = r"[_\u2581 -]?"
_CLOSING = re.compile(
    r"(?:</s>|\[(?:eos|end)\]"
    r"|<[|\uff5c]?(?:"
    rf"eo[stmd](?:{_GAP}(?:id|token))?"  # <|eot_id|>, <|eom_id|>, <eos>, <|EOT|>
    rf"|im{_GAP}end|return|stop|pad|turn"  # <|im_end|>, <|return|>, Gemma's <turn|>
    rf"|end(?:{_GAP}of{_GAP}(?:text|turn|sentence|message|response|answer|sequence|document))?"
    rf"(?:{_GAP}token)?"  # <|end|>, <|endoftext|>, <end_of_turn>, DeepSeek's with its own blanks
    rf"|end{_GAP}(?:response|turn|message|text)"  # Cohere
    r")[|\uff5c]?>)\Z",
    re.IGNORECASE,
)


def without_closing(text: str) -> str:
    """Return a text without the tokens, blanks between them included, that close the turn at its end."""
    text = text.rstrip()
    while match := _CLOSING.search(text, max(0, len(text) - _LONGEST)):
        text = text[: match.start()].rstrip()
    return text


def one_line(text: str) -> str:
    """Return a text on one line, without characters that would steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
