"""The trained tables as an ONNX graph of plain operations (fp32, opset 17)."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from linear import HASH, PAIRS, Tables
from meaning import Nearness

OPSET = 17
IR_VERSION = 8


class _Graph:
    """Collects nodes and constants; every method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, *inputs: str, name: str, **attributes: int) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def to_float(self, x: str, name: str) -> str:
        self.nodes.append(helper.make_node("Cast", [x], [name], name=name, to=TensorProto.FLOAT))
        return name


def _spread(g: _Graph) -> str:
    """1 / root of the length at each token, nought at padding: [batch, sequence, 1]."""
    g.constant("one", np.array(1.0, np.float32))
    g.constant("last_axis", np.array([2], np.int64))
    g.to_float("attention_mask", "mask_flat")
    g.add("Unsqueeze", "mask_flat", "last_axis", name="mask")
    g.add("ReduceSum", "mask", "sequence_axis", name="length", keepdims=1)
    g.add("Max", "length", "one", name="length_at_least_one")
    g.add("Sqrt", "length_at_least_one", name="root")
    return g.add("Div", "mask", "root", name="spread")


def _token_weights(g: _Graph, tables: Tables) -> str:
    """The weights of each token in its segment."""
    g.constant("token_table", tables.tokens.astype(np.float32))
    g.constant("vocabulary", np.array(len(tables.tokens) // 2, np.int64))
    g.add("Mul", "token_type_ids", "vocabulary", name="segment_start")
    g.add("Add", "input_ids", "segment_start", name="token_rows")
    return g.add("Gather", "token_table", "token_rows", name="token_weights", axis=0)


def _pair_weights(g: _Graph, tables: Tables) -> str:
    """The weights of each token with the one before it, hashed as in `linear.pair_rows`."""
    g.constant("pair_table", tables.pairs.astype(np.float32))
    for name, value in (("hash_before", HASH[0]), ("hash_here", HASH[1]), ("pairs", PAIRS), ("none", 0)):
        g.constant(name, np.array(value, np.int64))
    for name, value in (("first", 0), ("second", 1), ("last", -1)):
        g.constant(name, np.array([value], np.int64))
    g.add("Slice", "input_ids", "first", "second", "sequence_axis", name="first_ids")
    g.add("Mul", "first_ids", "none", name="no_ids")
    g.add("Slice", "input_ids", "first", "last", "sequence_axis", name="all_but_last_ids")
    g.add("Concat", "no_ids", "all_but_last_ids", name="ids_before", axis=1)
    g.add("Mul", "ids_before", "hash_before", name="hashed_before")
    g.add("Mul", "input_ids", "hash_here", name="hashed_here")
    g.add("Add", "hashed_before", "hashed_here", name="hashed")
    g.add("Mod", "hashed", "pairs", name="pair_rows")
    return g.add("Gather", "pair_table", "pair_rows", name="pair_weights", axis=0)


def _mean_meaning(g: _Graph, near: Nearness) -> None:
    """`vectors` [batch, sequence, dimensions], which sum to `mean` [batch, 1, dimensions]."""
    g.constant("phrase_of", near.phrase_of.astype(np.int64))
    g.constant("phrases", near.phrases.astype(np.float32))
    g.constant("shares", near.share[:, None].astype(np.float32))
    g.add("Gather", "phrase_of", "input_ids", name="phrase_rows", axis=0)
    g.add("Gather", "phrases", "phrase_rows", name="phrase_vectors", axis=0)
    g.add("Gather", "shares", "input_ids", name="token_shares", axis=0)
    g.add("Mul", "token_shares", "spread", name="spread_shares")
    g.add("Mul", "phrase_vectors", "spread_shares", name="vectors")
    g.add("ReduceSum", "vectors", "sequence_axis", name="mean", keepdims=1)


def _near(g: _Graph, near: Nearness) -> str:
    """What nearness says of the whole text: [batch, 1, outputs].

    |place − landmark|² is |place|² + |landmark|² − 2 place · landmark."""
    g.constant("centre", near.centre.astype(np.float32))
    g.constant("landmarks", (2 * near.width * near.landmarks.T).astype(np.float32))
    squares = -near.width * (near.landmarks.astype(np.float64) ** 2).sum(axis=1)
    g.constant("landmark_squares", squares.astype(np.float32))
    g.constant("width", np.array(-near.width, np.float32))
    g.constant("near_weights", near.weights.astype(np.float32))
    g.add("Sub", "mean", "centre", name="place")
    g.add("Mul", "place", "place", name="place_squared")
    g.add("ReduceSum", "place_squared", "last_axis", name="place_square", keepdims=1)
    g.add("Mul", "place_square", "width", name="place_exponent")
    g.add("MatMul", "place", "landmarks", name="products")
    g.add("Add", "products", "landmark_squares", name="products_less_squares")
    g.add("Add", "products_less_squares", "place_exponent", name="exponent")
    g.add("Exp", "exponent", name="nearness")
    return g.add("MatMul", "nearness", "near_weights", name="near")


def _parts(g: _Graph) -> str:
    """Each token's part in the place, by its projection on the sum of all; the parts sum to one."""
    g.constant("small", np.array(1e-4, np.float32))
    g.add("Mul", "vectors", "mean", name="projected")
    g.add("ReduceSum", "projected", "last_axis", name="projection", keepdims=1)
    g.add("Mul", "mean", "mean", name="mean_squared")
    g.add("ReduceSum", "mean_squared", "last_axis", name="mean_square", keepdims=1)
    g.add("Div", "mask", "length_at_least_one", name="even")
    g.add("Mul", "even", "small", name="small_part")
    g.add("Add", "projection", "small_part", name="part_above")
    g.add("Add", "mean_square", "small", name="part_below")
    return g.add("Div", "part_above", "part_below", name="parts")


def build(tables: Tables) -> onnx.ModelProto:
    """`logits` [batch, outputs] and `token_scores`, which sum over the sequence to logits − bias."""
    g = _Graph()
    outputs = len(tables.bias)
    g.constant("sequence_axis", np.array([1], np.int64))
    g.constant("bias", tables.bias.astype(np.float32))
    g.add("Add", _token_weights(g, tables), _pair_weights(g, tables), name="weights")
    g.add("Mul", "weights", _spread(g), name="own_scores")
    _mean_meaning(g, tables.near)
    g.add("Mul", _parts(g), _near(g, tables.near), name="near_scores")
    g.add("Add", "own_scores", "near_scores", name="token_scores")
    g.add("ReduceSum", "token_scores", "sequence_axis", name="scored", keepdims=0)
    g.add("Add", "scored", "bias", name="logits")
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    results = [
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", outputs]),
        helper.make_tensor_value_info(
            "token_scores", TensorProto.FLOAT, ["batch", "sequence", outputs]
        ),
    ]
    model = helper.make_model(
        helper.make_graph(g.nodes, "ibaleg", inputs, results, g.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="ibaleg",
    )
    onnx.checker.check_model(model, full_check=True)
    return model
