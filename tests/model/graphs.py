"""ONNX classifiers with seeded random weights, built node by node so that every size is a parameter."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


class Graph:
    """Collects nodes and initialisers; every method returns the name of a value."""

    def __init__(self, seed):
        self.nodes, self.weights, self.random = [], [], np.random.default_rng(seed)

    def const(self, array):
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def ints(self, *values):
        return self.const(np.array(values, dtype=np.int64))

    def scalar(self, value):
        return self.const(np.array(value, dtype=np.float32))

    def normal(self, *shape, scale):
        return self.const(self.random.normal(0, scale, shape).astype(np.float32))

    def op(self, kind, *inputs, outputs=1, out=None, **attributes):
        names = [out] if out else [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, f"{kind}_{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def linear(self, x, fan_in, fan_out, out=None):
        product = self.op("MatMul", x, self.normal(fan_in, fan_out, scale=fan_in**-0.5))
        return self.op("Add", product, self.normal(fan_out, scale=0.1), out=out)

    def layer_norm(self, x, width):
        gain = self.const((1 + self.random.normal(0, 0.1, width)).astype(np.float32))
        return self.op("LayerNormalization", x, gain, self.normal(width, scale=0.1), axis=-1, epsilon=1e-12)

    def gelu(self, x):
        erf = self.op("Erf", self.op("Div", x, self.scalar(2**0.5)))
        return self.op("Mul", self.op("Mul", x, self.op("Add", erf, self.scalar(1.0))), self.scalar(0.5))

    def model(self, inputs, outputs):
        def info(name, kind, dims):
            return helper.make_tensor_value_info(name, kind, dims)

        graph = helper.make_graph(
            self.nodes,
            "classifier",
            [info(name, TensorProto.INT64, ["batch", "sequence"]) for name in inputs],
            [info(name, TensorProto.FLOAT, dims) for name, dims in outputs],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model)
        return model


def bag(seed, vocabulary, width, labels):
    """Token embeddings pooled by one attention per label; `token_scores` add up to `logits` minus a bias."""
    g = Graph(seed)
    tokens = g.op("Gather", g.normal(vocabulary, width, scale=1.0), "input_ids")
    segments = g.op("Gather", g.normal(2, width, scale=0.3), "token_type_ids")
    x = g.op("Add", tokens, segments)
    mask = g.op("Unsqueeze", g.op("Cast", "attention_mask", to=TensorProto.FLOAT), g.ints(2))
    blocked = g.op("Mul", g.op("Sub", g.scalar(1.0), mask), g.scalar(np.finfo(np.float32).min))
    query = g.op("Add", g.op("MatMul", x, g.normal(width, labels, scale=width**-0.5)), blocked)
    weight = g.op("Softmax", query, axis=1)
    value = g.op("MatMul", x, g.normal(width, labels, scale=3 * width**-0.5))
    scores = g.op("Mul", weight, value, out="token_scores")
    total = g.op("ReduceSum", scores, g.ints(1), keepdims=0)
    g.op("Add", total, g.normal(labels, scale=1.0), out="logits")
    return g.model(
        ["input_ids", "attention_mask", "token_type_ids"],
        [("logits", ["batch", labels]), ("token_scores", ["batch", "sequence", labels])],
    )


def embeddings(g, vocabulary, width, positions, family):
    x = g.op("Gather", g.normal(vocabulary, width, scale=1.0), "input_ids")
    table = g.normal(positions, width, scale=0.3)
    if family == "bert":
        x = g.op("Add", x, g.op("Gather", g.normal(2, width, scale=0.3), "token_type_ids"))
        length = g.op("Gather", g.op("Shape", "input_ids"), g.const(np.int64(1)), axis=0)
        place = g.op("Range", g.const(np.int64(0)), length, g.const(np.int64(1)))
        x = g.op("Add", x, g.op("Gather", table, place))
    else:  # RoBERTa counts positions from the padding id upwards and skips padding.
        padding = g.const(np.int64(1))
        real = g.op("Cast", g.op("Not", g.op("Equal", "input_ids", padding)), to=TensorProto.INT32)
        count = g.op("Mul", g.op("CumSum", real, g.const(np.int64(1))), real)
        place = g.op("Add", g.op("Cast", count, to=TensorProto.INT64), padding)
        x = g.op("Add", x, g.op("Gather", table, place))
    return g.layer_norm(x, width)


def attention(g, x, blocked, width, heads):
    size = width // heads

    def split(y, order):
        return g.op("Transpose", g.op("Reshape", y, g.ints(0, 0, heads, size)), perm=order)

    query = split(g.linear(x, width, width), [0, 2, 1, 3])
    key = split(g.linear(x, width, width), [0, 2, 3, 1])
    value = split(g.linear(x, width, width), [0, 2, 1, 3])
    match = g.op("Div", g.op("MatMul", query, key), g.scalar(size**0.5))
    weight = g.op("Softmax", g.op("Add", match, blocked), axis=-1)
    mixed = g.op("Transpose", g.op("MatMul", weight, value), perm=[0, 2, 1, 3])
    return g.linear(g.op("Reshape", mixed, g.ints(0, 0, width)), width, width)


def transformer(seed, vocabulary, width, layers, heads, positions, labels, family):
    """A BERT (`family="bert"`) or RoBERTa sequence classifier, post-norm, with the exporter's mask arithmetic."""
    g = Graph(seed)
    x = embeddings(g, vocabulary, width, positions, family)
    mask = g.op("Cast", g.op("Unsqueeze", "attention_mask", g.ints(1, 2)), to=TensorProto.FLOAT)
    blocked = g.op("Mul", g.op("Sub", g.scalar(1.0), mask), g.scalar(np.finfo(np.float32).min))
    for _ in range(layers):
        x = g.layer_norm(g.op("Add", x, attention(g, x, blocked, width, heads)), width)
        inner = g.gelu(g.linear(x, width, 4 * width))
        x = g.layer_norm(g.op("Add", x, g.linear(inner, 4 * width, width)), width)
    first = g.op("Gather", x, g.const(np.int64(0)), axis=1)
    pooled = g.op("Tanh", g.linear(first, width, width))
    g.op("Identity", g.linear(pooled, width, labels), out="logits")
    inputs = ["input_ids", "attention_mask"] + (["token_type_ids"] if family == "bert" else [])
    return g.model(inputs, [("logits", ["batch", labels])])
