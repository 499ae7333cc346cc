"""Makes golden.json: vectors of the original model, which ours must match.

How: pip install sentence-transformers; python make_golden.py MODEL_FOLDER
where MODEL_FOLDER holds the full sentence-transformers model (its modules.json, its
1_Pooling folder and the three files of models/all-MiniLM-L6-v2/manifest.toml). golden.json is
written beside this script.

When: only if the set of cases changes. The file in the repository was made once, on a CPU, in
f32, with the versions that it names under "made_with".

Token counts include [CLS] and [SEP]: the empty text has 2 tokens, one word 3. A text of more than
256 tokens is cut to 256 by sentence-transformers, and must be cut in the same way by `embed`.
"""

import json
import pathlib
import sys

import sentence_transformers
import torch
import transformers
from sentence_transformers import SentenceTransformer

# Each is one token, so that a text of n tokens is n - 2 of these.
WORDS = (
    "we talked about the summer plan in london and she said that her brother works for a bank near"
    " the river but he would rather write music"
).split()

# One more and one less than each limit that an embedder could stop at by mistake: 128 (the
# truncation in the shipped tokenizer.json) and 256 (the model's window), counted with and without
# [CLS] and [SEP].
TOKEN_COUNTS = [3, 4, 127, 128, 129, 130, 131, 255, 256, 257, 258, 259]

TEXTS = {
    "empty": "",
    "white space": " \n\t ",
    "emoji": "I got the job! 🎉🚀 So happy 😭 👩‍👩‍👧‍👦",
    "chinese": "我们明天下午三点在东京见面，你记得带上护照吗？",
    "japanese": "来週の木曜日に京都でラーメンを食べましょう。",
    "korean": "다음 주에 부산에서 만나요.",
    "umlauts": "Größere Übungen für Müßiggänger: Äpfel, Öl und Straßenbahn in Zürich.",
    "newlines": "First line.\n\nSecond line,\r\nthird\tline with a tab.   End.",
    "code": "fn main() {\n    let x: Vec<u8> = vec![0; 384];\n    println!(\"{:?}\", x);\n}\n",
    "one letter": "a",
    "question": "Where does Ana's brother work?",
    "special tokens": "The model adds [CLS] and [SEP] around a text.",
    "control characters": "zero\u200bwidth and bell\u0007 and e\u0301 decomposed",
    "long word": "x" * 300 + " is one unknown token",
}


def text_of(tokens):
    return " ".join(WORDS[i % len(WORDS)] for i in range(tokens - 2))


def main():
    model = SentenceTransformer(sys.argv[1], device="cpu")
    assert model.max_seq_length == 256, model.max_seq_length
    texts = {f"{count} tokens": text_of(count) for count in TOKEN_COUNTS} | TEXTS
    cases = []
    for name, text in texts.items():
        tokens = len(model.tokenizer(text, truncation=False)["input_ids"])
        vector = model.encode(text, normalize_embeddings=True).tolist()
        cases.append(
            {"name": name, "text": text, "tokens": tokens, "vector": [round(x, 7) for x in vector]}
        )
    for count in TOKEN_COUNTS:
        assert any(c["name"] == f"{count} tokens" and c["tokens"] == count for c in cases), count
    made_with = json.dumps(
        {
            "sentence_transformers": sentence_transformers.__version__,
            "transformers": transformers.__version__,
            "torch": torch.__version__,
        }
    )
    lines = ",\n".join(json.dumps(case) for case in cases)
    target = pathlib.Path(__file__).with_name("golden.json")
    target.write_text(f'{{"made_with": {made_with}, "cases": [\n{lines}\n]}}\n', encoding="ascii")


main()
