"""The peers that embed: each makes `[texts, 384]` unit vectors with the same weights."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

import numpy as np
from tokenizers import Tokenizer

from peer import Skipped

WINDOW = 256
"""Tokens of a text at most, as the model's authors say."""

PATIENCE = 1.0
"""Seconds after which the rest of the texts are not timed alone."""

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def export(model: Path, folder: Path) -> None:
    """Writes the weights as ONNX, once plain and once fused as ONNX Runtime recommends for BERT."""
    if (folder / "fused.onnx").exists():
        return
    import torch
    from onnxruntime.transformers import optimizer
    from transformers import BertModel

    class Hidden(torch.nn.Module):
        """BERT without its pooler."""

        def __init__(self) -> None:
            super().__init__()
            load = BertModel.from_pretrained
            self.bert = load(model, attn_implementation="eager", add_pooling_layer=False).eval()

        def forward(self, ids, mask, types):
            bert = self.bert(input_ids=ids, attention_mask=mask, token_type_ids=types)
            return bert.last_hidden_state

    folder.mkdir(parents=True, exist_ok=True)
    example = tuple(torch.ones(2, 9, dtype=torch.long) for _ in INPUTS)
    axes = {name: {0: "texts", 1: "tokens"} for name in [*INPUTS, "hidden"]}
    plain = str(folder / "plain.onnx")
    torch.onnx.export(Hidden(), example, plain, input_names=INPUTS, output_names=["hidden"],
                      dynamic_axes=axes, opset_version=17, dynamo=False)
    fused = optimizer.optimize_model(plain, model_type="bert", num_heads=12, hidden_size=384)
    fused.save_model_to_file(str(folder / "fused.onnx"))


class Embedder:
    """What all peers that embed have in common."""

    def embed(self, texts: list[str]) -> np.ndarray:
        """Unit vectors of the texts, `[texts, 384]`."""
        raise NotImplementedError

    def throughput(self, texts: list[str]) -> float:
        """Texts a second, after a warm-up on some of them."""
        self.embed(texts[:32])
        began = time.perf_counter()
        self.embed(texts)
        return len(texts) / (time.perf_counter() - began)

    def latencies(self, texts: list[str]) -> list[float]:
        """Milliseconds of each text alone, after a warm-up, until the patience is used up."""
        self.embed(texts[:1])
        times = []
        for text in texts:
            began = time.perf_counter()
            self.embed([text])
            times.append((time.perf_counter() - began) * 1e3)
            if len(times) >= 5 and sum(times) > PATIENCE * 1e3:
                break
        return times


class Batching(Embedder):
    """Sorts texts by length, cuts them into batches, and gives those to several workers at once."""

    def __init__(self, model: Path, batch: int, workers: int) -> None:
        """Loads the tokenizer."""
        self.tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self.tokenizer.enable_truncation(WINDOW)
        self.tokenizer.no_padding()
        self.batch = batch
        self.pool = ThreadPoolExecutor(workers)
        self.free: list[Callable] = []

    def embed(self, texts: list[str]) -> np.ndarray:
        """Pools and normalises the hidden states that the workers compute for each batch."""
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
        order = sorted(range(len(ids)), key=lambda text: -len(ids[text]))
        batches = [order[at : at + self.batch] for at in range(0, len(order), self.batch)]
        vectors = np.empty((len(texts), 384), np.float32)

        def run(batch: list[int]) -> None:
            longest = len(ids[batch[0]])
            inputs = np.zeros((3, len(batch), longest), np.int64)
            for row, text in enumerate(batch):
                inputs[0, row, : len(ids[text])] = ids[text]
                inputs[1, row, : len(ids[text])] = 1
            worker = self.free.pop()
            hidden = worker(dict(zip(INPUTS, inputs)))
            self.free.append(worker)
            sums = np.einsum("btd,bt->bd", hidden, inputs[1].astype(np.float32))
            vectors[batch] = sums / np.linalg.norm(sums, axis=1, keepdims=True)

        if len(batches) == 1:
            run(batches[0])
        else:
            list(self.pool.map(run, batches))
        return vectors


class OnnxRuntime(Batching):
    """ONNX Runtime with the fused graph, in a number of sessions with a number of threads each."""

    def __init__(self, model: Path, onnx: Path, batch: int, sessions: int, threads: int) -> None:
        """Loads the graph once a session."""
        import onnxruntime

        super().__init__(model, batch, sessions)
        for _ in range(sessions):
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
            session = onnxruntime.InferenceSession(
                str(onnx / "fused.onnx"), options, providers=["CPUExecutionProvider"]
            )
            names = {given.name for given in session.get_inputs()}
            self.free.append(
                lambda inputs, session=session, names=names: session.run(
                    None, {name: inputs[name] for name in names}
                )[0]
            )


class OpenVino(Batching):
    """OpenVINO with a number of streams of one thread each; a single stream uses all threads."""

    def __init__(
        self, model: Path, onnx: Path, batch: int, streams: int, threads: int, precision: str
    ) -> None:
        """Compiles the graph for this processor."""
        import openvino

        super().__init__(model, batch, streams)
        core = openvino.Core()
        if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise Skipped("this processor has no bf16 that OpenVINO uses")
        compiled = core.compile_model(
            core.read_model(str(onnx / "plain.onnx")),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": precision,
                "NUM_STREAMS": str(streams),
                "INFERENCE_NUM_THREADS": str(threads),
            },
        )
        for _ in range(streams):
            request = compiled.create_infer_request()
            self.free.append(
                lambda inputs, request=request: next(iter(request.infer(inputs).values()))
            )
        # Its binding deadlocks if two threads make the very first call at once.
        self.embed(["the first call"])


class SentenceTransformers(Embedder):
    """sentence-transformers, the library that the model was published for."""

    def __init__(self, model: Path, threads: int) -> None:
        """Loads the weights with masked mean pooling."""
        import torch
        from sentence_transformers import SentenceTransformer, models

        torch.set_num_threads(threads)
        bert = models.Transformer(str(model), max_seq_length=WINDOW)
        self.model = SentenceTransformer(modules=[bert, models.Pooling(384)], device="cpu")

    def embed(self, texts: list[str]) -> np.ndarray:
        """Embeds in batches of 32, which the library sorts by length."""
        return self.model.encode(
            texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False
        )


class ChromaDefault(Embedder):
    """chromadb's default embedding function, given the exported graph instead of its download."""

    def __init__(self, model: Path, onnx: Path) -> None:
        """Lays the files where it looks for them."""
        from chromadb.utils.embedding_functions import ONNXMiniLM_L6_V2

        folder = onnx / "chromadb"
        extracted = folder / ONNXMiniLM_L6_V2.EXTRACTED_FOLDER_NAME
        extracted.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(onnx / "plain.onnx", extracted / "model.onnx")
        shutil.copyfile(model / "config.json", extracted / "config.json")
        shutil.copyfile(model / "tokenizer.json", extracted / "tokenizer.json")
        for unread in ("special_tokens_map.json", "tokenizer_config.json", "vocab.txt"):
            (extracted / unread).touch()
        ONNXMiniLM_L6_V2.DOWNLOAD_PATH = folder
        self.function = ONNXMiniLM_L6_V2()

    def embed(self, texts: list[str]) -> np.ndarray:
        """Embeds as chromadb does, each text padded to 256 tokens."""
        return np.array(self.function(texts), np.float32)
