"""Lecture 12: memory and time of large models: activations, recomputation, collectives, parallelism."""

import functools

from autograder.quiz import Choice, FaultChoice, Literal, Numeric, SelectAll, Wrong


class L12:
    lecture = 12
    edition = "both"


class BlockParameters(L12, Numeric):
    id = "l12-block-parameters"
    source = "2025 notes 12, the transformer; 2026 notes 12"
    title = "The parameters of a block"
    minutes = 2
    atol, rtol = 0.0, 0.0
    text = r"""
    A transformer block of width $h=@{h}$ has the attention matrices $W_Q,W_K,W_V,W_O\in\mathbb R^{h\times h}$, the feedforward matrices
    $W_1\in\mathbb R^{h\times d}$ and $W_2\in\mathbb R^{d\times h}$ with $d=@{d}$, and two layer normalizations with scale and shift.
    Linear maps have no biases. How many parameters is that?
    """

    def params(self, draw):
        h = draw.choice("h", (10, 20, 30, 40, 50))
        return {"h": h, "d": h * draw.choice("wide", (2, 3, 4))}

    def answer(self, h, d):
        return 4 * h * h + 2 * h * d + 4 * h

    def check(self, h, d):
        from torch import nn

        parts = [nn.Linear(h, h, bias=False) for _ in range(4)]
        parts += [nn.Linear(h, d, bias=False), nn.Linear(d, h, bias=False), nn.LayerNorm(h), nn.LayerNorm(h)]
        return sum(p.numel() for part in parts for p in part.parameters())

    def distractors(self, h, d):
        right = self.answer(h, d)
        return [
            Wrong(right - h * h, "The projection after attention is forgotten."),
            Wrong(right - 2 * h, "A layer normalization is counted with its scale and without its shift."),
            Wrong(right - h * d, "Only one of the two feedforward matrices is counted."),
        ]

    def why(self, h, d):
        return r"$4h^2$ for attention, $2hd$ for the feedforward part and $2\cdot2h$ for the normalizations: @{key}."


class ScoreBytes(L12, Numeric):
    id = "l12-score-bytes"
    source = "2025 notes 12, activation memory; 2026 notes 12"
    title = "The memory of attention scores"
    minutes = 2
    text = r"""
    A batch of @{b} sequences of length @{s} goes through an attention layer of width @{h} with @{a} heads, in a 2-byte format. How many
    MiB ($2^{20}$ bytes) do the attention scores (after the softmax) take?
    """

    def params(self, draw):
        return {
            "b": draw.choice("b", (2, 4, 8)),
            "s": draw.choice("s", (512, 1024, 2048)),
            "h": draw.choice("h", (768, 1280)),
            "a": draw.choice("a", (8, 16)),
        }

    def answer(self, b, s, h, a):
        return b * a * s * s * 2 / 2**20

    def check(self, b, s, h, a):
        import torch

        q = torch.empty(b, a, s, h // a, dtype=torch.bfloat16, device="meta")
        scores = torch.softmax(q @ q.transpose(-1, -2), dim=-1)
        return scores.numel() * scores.element_size() / 2**20

    def distractors(self, b, s, h, a):
        return [
            Wrong(b * s * s * 2 / 2**20, "The scores of one head are counted."),
            Wrong(b * s * h * 2 / 2**20, "The scores are taken to have the size of the layer's input."),
            Wrong(2 * self.answer(b, s, h, a), "A number is taken for four bytes."),
        ]

    def why(self, b, s, h, a):
        return r"Every head has an $s\times s$ matrix for every sequence: $@{b}\cdot@{a}\cdot@{s}^2\cdot2$ bytes are @{key} MiB."


@functools.cache
def memory_of_training(length, batch):
    """Bytes of parameters, gradients, Adam's moments and saved activations of a tiny network on sequences, measured."""
    import torch

    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.GELU(), torch.nn.Linear(32, 8))
    optimizer = torch.optim.Adam(network.parameters())
    own = {p.untyped_storage().data_ptr() for p in network.parameters()}
    saved = {}

    def pack(tensor):
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    x = torch.ones(batch, length, 8)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        scores = torch.softmax(x @ x.transpose(1, 2), dim=-1).requires_grad_()
        loss = (scores @ network(x)).square().sum()
    loss.backward()
    optimizer.step()
    return {
        "parameters": sum(p.nbytes for p in network.parameters()),
        "gradients": sum(p.grad.nbytes for p in network.parameters()),
        "moments": sum(v.nbytes for state in optimizer.state.values() for v in state.values()),
        "scores": scores.nbytes,
        "activations": sum(size for at, size in saved.items() if at not in own),
    }


class WhatGrows(L12, SelectAll):
    id = "l12-what-grows"
    source = "2025 notes 12, the memory bottleneck; 2026 notes 12"
    title = "What grows with the data"
    minutes = 2
    text = """
    A transformer trains with Adam. The @{what} is multiplied by @{r}. Which memory grows? Select all.
    """

    PARTS = {
        "parameters": "The parameters",
        "gradients": "The gradients of the parameters",
        "moments": "Adam's two moments",
        "scores": "The attention scores",
        "activations": "The activations of the feedforward layers that are kept for the backward pass",
    }

    def params(self, draw):
        return {"what": draw.choice("what", ("batch size", "sequence length")), "r": draw.choice("r", (2, 3, 4, 8))}

    def answer(self, what, r):
        return [self.PARTS["scores"], self.PARTS["activations"]]

    def check(self, what, r):
        small = memory_of_training(6, 3)
        large = memory_of_training(6 * r, 3) if what == "sequence length" else memory_of_training(6, 3 * r)
        return [text for part, text in self.PARTS.items() if large[part] > small[part]]

    def distractors(self, what, r):
        return [
            Wrong(self.PARTS["parameters"], "The size of the model does not depend on the data that goes through it."),
            Wrong(self.PARTS["gradients"], "Gradients have the shape of the parameters, summed over the batch."),
            Wrong(self.PARTS["moments"], "The moments have the shape of the parameters."),
        ]

    def why(self, what, r):
        return (
            "What belongs to parameters has their shape. What belongs to tokens grows with their number, and scores with pairs of tokens."
        )


class RecomputationTime(L12, Numeric):
    id = "l12-recomputation-time"
    source = "2025 notes 12, activation recomputation; 2026 notes 12"
    title = "The time of recomputation"
    minutes = 2
    text = r"""
    A training step of a network with @{n} equal layers takes @{t} ms, of which the backward pass takes twice as long as the forward
    pass. Now @{k} of the layers are checkpointed, each by itself: they run again in the backward pass. How long does a step take, in
    ms?
    """

    def params(self, draw):
        n = draw.choice("n", (8, 12, 16))
        return {"n": n, "t": draw.choice("t", (120, 240, 300, 360)), "k": draw.choice("part", (n // 4, n // 2, n))}

    def answer(self, n, t, k):
        return t * (1 + k / (3 * n))

    def check(self, n, t, k):
        return t * (layer_runs(n, k) + 2 * n) / (3 * n)

    def distractors(self, n, t, k):
        return [
            Wrong(t * (1 + k / (2 * n)), "The backward pass is counted like a forward pass."),
            Wrong(t * (1 + k / n), "A recomputed layer is charged a whole step, and not its forward pass."),
            Wrong(float(t), "Recomputation is taken to cost memory only."),
        ]

    def why(self, n, t, k):
        return r"One part of three is the forward pass, and @{k} of @{n} layers repeat it: $@{t}\,(1+\tfrac13\cdot@{k}/@{n})$ is @{key}."


@functools.cache
def layer_runs(n, k):
    """How often layers run in one step with k of n layers checkpointed, counted in PyTorch."""
    import torch
    from torch.utils.checkpoint import checkpoint

    runs = []

    def layer(x):
        runs.append(1)
        return x.tanh()

    x = torch.ones(3, requires_grad=True)
    for i in range(n):
        x = checkpoint(layer, x, use_reentrant=False) if i < k else layer(x)
    x.sum().backward()
    return len(runs)


class SegmentsInMemory(L12, Numeric):
    id = "l12-segments-in-memory"
    source = "2025 notes 12, activation recomputation (the count: homework 6)"
    title = "Segments and their peak"
    minutes = 2
    atol, rtol = 0.0, 0.0
    text = """
    @{n} equal layers run in @{k} equal segments, all checkpointed: the inputs of the segments are kept, and in the backward pass one
    segment at a time is run again and keeps one activation for each of its layers. In units of one activation, how many are in memory
    at the peak?
    """

    def params(self, draw):
        k = draw.integer("k", 3, 9)
        return {"n": k * draw.integer("long", 2, 11), "k": k}

    def answer(self, n, k):
        return k + n // k

    def check(self, n, k):
        """The events of a step, one by one."""
        alive, peak = k, k
        for _ in range(k):
            for _ in range(n // k):
                alive += 1
                peak = max(peak, alive)
            alive -= n // k + 1  # the segment's activations and its input
        return peak

    def distractors(self, n, k):
        wrong = {
            n // k: "The inputs of the segments are not counted.",
            n + k: "The activations of all segments are taken to be there at the same time.",
            n: "That is the peak without checkpoints.",
        }
        return [Wrong(value, said) for value, said in wrong.items() if value != self.answer(n, k)]

    def why(self, n, k):
        return r"@{k} inputs all the time, and $@{n}/@{k}$ activations of the one segment that is being differentiated: @{key}."


class BubbleShare(L12, Numeric):
    id = "l12-bubble-share"
    source = "2025 notes 12, pipeline parallelism; 2026 notes 12"
    title = "The pipeline bubble"
    minutes = 3
    text = """
    A pipeline of @{P} stages processes @{m} micro-batches, first all forward passes, then all backward passes. Every forward pass of a
    stage takes the same time, and so does every backward pass. Which part of the total time is a stage idle? Give three significant
    digits.
    """

    def params(self, draw):
        return {"P": draw.choice("P", (3, 4, 6, 8)), "m": draw.choice("m", (10, 12, 16, 24, 32))}

    def answer(self, P, m):
        return (P - 1) / (m + P - 1)

    def check(self, P, m):
        """A simulation: a pass starts when its stage is free and the stage before has finished with this micro-batch."""
        forward, backward = 1.0, 2.0
        free, done = [0.0] * P, [[0.0] * m for _ in range(P)]
        for order, cost in ((range(P), forward), (range(P - 1, -1, -1), backward)):
            ready = [0.0] * m if cost == forward else done[P - 1]
            for stage in order:
                for batch in range(m):
                    free[stage] = max(free[stage], ready[batch]) + cost
                    done[stage][batch] = free[stage]
                ready = done[stage]
        return 1 - m * (forward + backward) / max(free)

    def distractors(self, P, m):
        return [
            Wrong(
                (P - 1) / m,
                "The idle time is compared with the ideal time, without the bubble; the question asks for the part of the total.",
            ),
            Wrong((P - 1) / P, "That is the part without micro-batches, when one stage works at a time."),
        ]

    def why(self, P, m):
        return r"A stage works for $m$ slots and waits for $P-1$, in each of the two phases: $(@{P}-1)/(@{m}+@{P}-1)$ is @{key}."


class ZeroMemory(L12, Numeric):
    id = "l12-zero-memory"
    source = "2025 notes 12, ZeRO; 2026 notes 12"
    title = "The stages of ZeRO"
    minutes = 3
    text = r"""
    A model has @{psi} billion parameters. For each of them training keeps 2 bytes of parameter, 2 bytes of gradient and 12 bytes of
    optimizer state. How many GB ($10^9$ bytes) of these does each of @{N} workers keep with ZeRO stage @{stage}?
    """

    def params(self, draw):
        return {"psi": draw.choice("psi", (1, 3, 7, 13)), "N": draw.choice("N", (4, 8, 16)), "stage": draw.integer("stage", 1, 3)}

    def answer(self, psi, N, stage):
        return self.bytes_of(psi, N, stage)

    def bytes_of(self, psi, N, stage):
        kinds = (12, 2, 2)  # optimizer state, gradients, parameters: sharded in this order
        return psi * sum(size / N if i < stage else size for i, size in enumerate(kinds))

    def check(self, psi, N, stage):
        """The shards of one worker, with a million parameters for every billion."""
        import torch

        count = psi * 10**6 - psi * 10**6 % N
        whole = {"state": torch.empty(3, count, device="meta"), "gradient": torch.empty(1, count, dtype=torch.bfloat16, device="meta")}
        whole["parameter"] = torch.empty_like(whole["gradient"])
        kept = [t.chunk(N, dim=1)[0] if i < stage else t for i, t in enumerate(whole.values())]
        return sum(t.numel() * t.element_size() for t in kept) / 1e6

    def distractors(self, psi, N, stage):
        said = {
            0: "That is plain data parallelism, which shards nothing.",
            1: "Stage 1 shards the optimizer state alone.",
            2: "Stage 2 shards optimizer state and gradients.",
            3: "Stage 3 shards the parameters too.",
        }
        return [Wrong(self.bytes_of(psi, N, other), sentence) for other, sentence in said.items() if other != stage]

    def why(self, psi, N, stage):
        sharded = ("the optimizer state", "the optimizer state and the gradients", "all three")[stage - 1]
        return rf"Stage @{{stage}} divides {sharded} among the @{{N}} workers; the rest is kept whole: @{{key}}."


def collectives(before):
    """What every worker holds after each collective, for what it holds before: lists of equal length."""
    total = [sum(column) for column in zip(*before, strict=True)]
    return {
        "AllReduce": [total for _ in before],
        "AllGather": [[x for row in before for x in row] for _ in before],
        "ReduceScatter": [[x] for x in total],
        "Broadcast (from worker 1)": [before[0] for _ in before],
        "AlltoAll": [list(column) for column in zip(*before, strict=True)],
    }


class WhichCollective(L12, Choice):
    id = "l12-which-collective"
    source = "2025 notes 12, collectives; 2026 notes 12"
    title = "Name the collective"
    minutes = 2
    text = """
    Three workers hold these lists, one row for each worker, before and after a collective operation (which adds where it reduces):

    ```python
    before = @{before}
    after  = @{after}
    ```

    Which operation was it?
    """

    def params(self, draw):
        numbers = draw.sample("numbers", range(1, 30), 9)
        before = [numbers[i : i + 3] for i in (0, 3, 6)]
        results = collectives(before)
        return {"before": before, "after": results[draw.choice("which", tuple(results))]}

    def answer(self, before, after):
        return next(name for name, held in collectives(before).items() if held == after)

    def check(self, before, after):
        """From the sizes and the first entries alone."""
        size, alike = len(after[0]), after[0] == after[1]
        if size == 1:
            return "ReduceScatter"
        if size == 9:
            return "AllGather"
        if not alike:
            return "AlltoAll"
        return "AllReduce" if after[0][0] == before[0][0] + before[1][0] + before[2][0] else "Broadcast (from worker 1)"

    def distractors(self, before, after):
        said = {
            "AllReduce": "AllReduce gives every worker the whole sum.",
            "AllGather": "AllGather gives every worker all lists, and adds nothing.",
            "ReduceScatter": "ReduceScatter gives every worker one part of the sum.",
            "Broadcast (from worker 1)": "Broadcast copies one worker's list to all.",
            "AlltoAll": "AlltoAll sends entry j of worker i to worker j.",
        }
        return [Wrong(name, sentence) for name, sentence in said.items() if name != self.answer(before, after)]

    def why(self, before, after):
        return "Ask whether numbers were added, and whether all workers end with the same: @{key}."


class AccumulatedGradient(L12, Numeric):
    id = "l12-accumulated-gradient"
    source = "2025 notes 12, gradient accumulation; 2026 notes 12"
    title = "Micro-batches of different sizes"
    minutes = 2
    rtol = 0.002
    text = """
    A batch is processed in three micro-batches of @{sizes} examples. The gradients of their mean losses, with respect to one weight,
    are @{means}. What is the gradient of the mean loss over the whole batch? Give three significant digits.
    """

    def params(self, draw):
        return {
            "sizes": draw.sample("sizes", (2, 4, 8, 16), 3),
            "means": [float(x) for x in draw.sample("means", (1, 2, 4, 8), 3)],
        }

    def answer(self, sizes, means):
        return sum(n * g for n, g in zip(sizes, means, strict=True)) / sum(sizes)

    def check(self, sizes, means):
        import torch

        weight = torch.ones((), dtype=torch.float64, requires_grad=True)
        slopes = torch.cat([torch.full((n,), g, dtype=torch.float64) for n, g in zip(sizes, means, strict=True)])
        (weight * slopes).mean().backward()
        return weight.grad.item()

    def distractors(self, sizes, means):
        right = self.answer(sizes, means)
        known = [
            Wrong(sum(means) / 3, "Every micro-batch weighs the same, whatever its size."),
            Wrong(sum(means), "The gradients are added up, as backward() does when nothing is scaled."),
            Wrong(means[-1], "Only the last micro-batch counts, as if gradients were cleared in the loop."),
        ]
        return [w for w in known if abs(w.value - right) > 0.005 * right]

    def why(self, sizes, means):
        return "Each example weighs the same, so each micro-batch weighs as much as it has examples: @{key}."


class GlobalBatch(L12, Numeric):
    id = "l12-global-batch"
    source = "2025 notes 12, combining strategies; 2026 notes 12"
    title = "The global batch"
    minutes = 2
    atol, rtol = 0.0, 0.0
    text = """
    @{N} GPUs train one model with tensor parallelism over @{tp} GPUs and pipeline parallelism over @{P} stages; the rest is data
    parallelism. Each replica processes micro-batches of @{b} sequences and accumulates @{A} of them per step. How many sequences go
    into one step of the optimizer?
    """

    def params(self, draw):
        tp, P = draw.choice("tp", (2, 4, 8)), draw.choice("P", (2, 4))
        return {
            "N": tp * P * draw.choice("replicas", (3, 4, 6, 8)),
            "tp": tp,
            "P": P,
            "b": draw.choice("b", (2, 3, 4)),
            "A": draw.choice("A", (5, 8, 10)),
        }

    def answer(self, N, tp, P, b, A):
        return N // (tp * P) * b * A

    def check(self, N, tp, P, b, A):
        """The GPUs numbered through: how many replicas there are, by the first GPU of each."""
        first = [gpu for gpu in range(N) if gpu % tp == 0 and gpu // tp % P == 0]
        return sum(1 for _ in first for _ in range(A) for _ in range(b))

    def distractors(self, N, tp, P, b, A):
        return [
            Wrong(N * b * A, "Every GPU is taken to process sequences of its own."),
            Wrong(N // (tp * P) * b, "The accumulation is left out."),
            Wrong(N // tp * b * A, "The stages of a pipeline are taken for replicas; they work on the same sequences."),
        ]

    def why(self, N, tp, P, b, A):
        return rf"A replica takes $@{{tp}}\cdot@{{P}}$ GPUs: {N // (tp * P)} replicas, each with $@{{b}}\cdot@{{A}}$ sequences: @{{key}}."


class ShardedShapes(L12, Literal):
    id = "l12-sharded-shapes"
    source = "2025 notes 12, tensor parallelism; 2026 notes 12"
    title = "Column, then row"
    minutes = 2
    text = r"""
    A feedforward layer $f(XW_1)W_2$ with $W_1\in\mathbb R^{@{h}\times@{d}}$ and $W_2\in\mathbb R^{@{d}\times@{h}}$ runs on @{n}
    workers: $W_1$ is split by columns, $W_2$ by rows. $X$ has @{s} rows. What is the shape of the tensor that a worker hands to the
    AllReduce at the end? Write a tuple (rows, columns).
    """

    def params(self, draw):
        n = draw.choice("n", (2, 4, 8))
        h = n * draw.choice("h", (16, 24, 32))
        return {"h": h, "d": 3 * h, "n": n, "s": draw.choice("s", (10, 50, 100))}

    def answer(self, h, d, n, s):
        return (s, h)

    def check(self, h, d, n, s):
        import torch

        x, w1, w2 = (torch.empty(shape, device="meta") for shape in ((s, h), (h, d), (d, h)))
        return tuple((torch.relu(x @ w1.chunk(n, dim=1)[0]) @ w2.chunk(n, dim=0)[0]).shape)

    def distractors(self, h, d, n, s):
        return [
            Wrong((s, h // n), "The parts are taken to be pieces of the output, side by side; they are terms of a sum."),
            Wrong((s, d // n), "That is the worker's part between the two layers, which stays where it is."),
            Wrong((s // n, h), "The rows of X are taken to be divided; every worker has all of X."),
        ]

    def why(self, h, d, n, s):
        return rf"A worker has $s\times{d // n}$ between the layers and multiplies it by its rows of $W_2$: a term of full shape, @{{key}}."


class ReadingMemory(L12, Choice):
    id = "l12-reading-memory"
    source = "2025 notes 12, activation memory and recomputation (numbers: homework 6)"
    title = "Memory against the sequence length"
    minutes = 3
    text = """
    The figure shows four kinds of memory of one transformer block against the sequence length: its parameters, and its activations
    without recomputation, with attention alone recomputed, and with everything but the block's input recomputed. Which curve is
    @{asked}?
    """

    STYLES = {"solid": "-", "dashed": "--", "dotted": ":", "dash-dotted": "-."}
    KINDS = ("parameters", "activations without recomputation", "activations with attention recomputed", "activations with all recomputed")
    LENGTHS = (1024, 2048, 4096)

    def params(self, draw):
        h = draw.choice("h", (1024, 1536))
        order = draw.sample("order", range(4), 4)
        rows = [[round(self.mebibytes(h, kind, s)) for s in self.LENGTHS] for kind in order]
        return {"asked": draw.choice("asked", self.KINDS), "rows": rows}

    def mebibytes(self, h, kind, s):
        """2-byte numbers, one sequence, heads of width 64."""
        a = h // 64
        return (24 * h * h, 34 * s * h + 5 * a * s * s, 34 * s * h, 2 * s * h)[kind] / 2**20

    def answer(self, asked, rows):
        one, two, four = zip(*rows, strict=True)
        growth = [y / x for x, y in zip(one, two, strict=True)]
        flat = growth.index(min(growth))
        steep = growth.index(max(growth))
        linear = sorted(({0, 1, 2, 3} - {flat, steep}), key=lambda i: four[i])
        return tuple(self.STYLES)[(flat, steep, linear[1], linear[0])[self.KINDS.index(asked)]]

    def check(self, asked, rows):
        """The row that the formula gives for the width whose four rows are shown."""
        expected = [[[round(self.mebibytes(h, kind, s)) for s in self.LENGTHS] for kind in range(4)] for h in (1024, 1536)]
        (shown,) = [kinds for kinds in expected if sorted(kinds) == sorted(rows)]
        return tuple(self.STYLES)[rows.index(shown[self.KINDS.index(asked)])]

    def distractors(self, asked, rows):
        said = {
            0: "This curve grows; the parameters do not depend on the sequence length.",
            1: "Scores grow with the square of the length; this curve does not grow fastest.",
            2: "Without the scores the memory is linear in the length, and larger than the inputs alone.",
            3: "Only the inputs are kept, so the curve is the lowest line that grows.",
        }
        return [Wrong(style, said[self.KINDS.index(asked)]) for style in self.STYLES if style != self.answer(asked, rows)]

    def why(self, asked, rows):
        return "Level: parameters. Steepest: with the scores. Of the two parallel lines, the upper one keeps all but the scores: @{key}."

    def alt(self, asked, rows):
        return (
            "Four curves on logarithmic axes. For the solid, the dashed, the dotted and the dash-dotted curve in turn, the memory in "
            "MiB at the lengths 1024, 2048 and 4096: @{rows}."
        )

    def figure(self, axes, asked, rows):
        for (name, style), (one, two, four) in zip(self.STYLES.items(), rows, strict=True):
            points = [i / 8 for i in range(4, 33)]
            axes.loglog([1024 * x for x in points], [self.through(one, two, four, x) for x in points], style, color="black", label=name)
        axes.set(xlabel="sequence length", ylabel="MiB", ylim=(0.5, 20_000))
        axes.legend(loc="upper left")

    def through(self, one, two, four, x):
        """The parabola through (1, one), (2, two), (4, four), at x."""
        return one * (x - 2) * (x - 4) / 3 - two * (x - 1) * (x - 4) / 2 + four * (x - 1) * (x - 2) / 6


class Diagnosis(L12, FaultChoice):
    """A number from homework 6."""

    homework = "hw6_recomputation"

    def why(self, shown, **inputs):
        return "Work out what each mistake would give: only this one gives @{shown}. @{key}"


class WhichActivationBug(Diagnosis):
    id = "l12-which-activation-bug"
    source = "homework 6, question 1"
    title = "Diagnose a count of activations"
    minutes = 5
    faults = ("scores_without_heads", "scores_grow_with_the_width", "one_block_only", "bytes_counted_twice", "masks_as_large_as_values")
    text = r"""
    $L=@{L}$ transformer blocks keep $L\,(34\,sbh+5\,as^2b)$ bytes of activations when numbers have 2 bytes and dropout masks 1 byte: in
    the 34 are 2 bytes of masks, in the 5 one. For $s=@{s}$, $b=@{b}$, $h=@{h}$ and $a=@{a}$ a student's function gives $@{shown}$
    million bytes. Which mistake did the student make?
    """

    def inputs(self, draw):
        return {
            "L": draw.choice("L", (4, 6)),
            "s": draw.choice("s", (500, 1000)),
            "b": draw.choice("b", (2, 3)),
            "h": draw.choice("h", (128, 256)),
            "a": draw.choice("a", (4, 8)),
        }

    def run(self, function, L, s, b, h, a):
        return function(s, b, h, a, L, "none") / 1e6

    def formulas(self, L, s, b, h, a):
        return {
            "scores_without_heads": L * s * b * (34 * h + 5 * s) / 1e6,
            "scores_grow_with_the_width": L * s * b * h * (34 + 5 * a) / 1e6,
            "one_block_only": s * b * (34 * h + 5 * a * s) / 1e6,
            "bytes_counted_twice": L * s * b * (68 * h + 10 * a * s) / 1e6,
            "masks_as_large_as_values": L * s * b * (36 * h + 6 * a * s) / 1e6,
        }


class WhichParameterBug(Diagnosis):
    id = "l12-which-parameter-bug"
    source = "homework 6, question 1"
    title = "Diagnose a count of parameters"
    minutes = 5
    faults = ("without_output_projection", "head_always_counted", "norms_without_shift", "mlp_width_ignored")
    text = r"""
    A transformer has @{L} blocks of width $h=@{h}$ (attention with four $h\times h$ matrices, an MLP with $h\times d$ and $d\times h$,
    $d=@{d}$), an embedding of @{V} tokens that the output head shares, and layer normalizations with scale and shift, two in each block
    and one after the last. There are no biases. A student counts @{shown} parameters. Which mistake did the student make?
    """

    def inputs(self, draw):
        h = draw.choice("h", (8, 10, 12))
        return {"L": draw.choice("L", (2, 3)), "h": h, "d": 2 * h, "V": draw.choice("V", (60, 80, 100))}

    def run(self, function, L, h, d, V):
        return function(V, h, L, d)

    def formulas(self, L, h, d, V):
        def count(matrices, wide, tokens, norm):
            return tokens * h + L * (matrices * h * h + 2 * h * wide) + (2 * L + 1) * norm * h

        return {
            "without_output_projection": count(3, d, V, 2),
            "head_always_counted": count(4, d, 2 * V, 2),
            "norms_without_shift": count(4, d, V, 1),
            "mlp_width_ignored": count(4, 4 * h, V, 2),
        }


class WhichTimeBug(Diagnosis):
    id = "l12-which-time-bug"
    source = "homework 6, question 1"
    title = "Diagnose a count of operations"
    minutes = 5
    faults = ("backward_costs_one_forward", "recomputed_twice", "multiply_add_is_one", "attention_products_forgotten")
    text = r"""
    The matrix products of a block's forward pass take $24\,bsh^2+4\,bs^2h$ floating-point operations, where a multiply-add counts as
    two and the second term belongs to the two products of attention. The backward pass takes twice as many. With full recomputation,
    $L=@{L}$, $s=@{s}$, $b=@{b}$ and $h=@{h}$ a student's function gives $@{shown}$ billion operations for one step. Which mistake did
    the student make?
    """

    def inputs(self, draw):
        return {
            "L": draw.choice("L", (2, 4)),
            "s": draw.choice("s", (500, 1000)),
            "b": draw.choice("b", (2, 3)),
            "h": draw.choice("h", (128, 256)),
        }

    def run(self, function, L, s, b, h):
        return function(s, b, h, L, "full") / 1e9

    def formulas(self, L, s, b, h):
        layers, attention = 24 * b * s * h * h * L / 1e9, 4 * b * s * s * h * L / 1e9
        return {
            "backward_costs_one_forward": 3 * (layers + attention),
            "recomputed_twice": 5 * (layers + attention),
            "multiply_add_is_one": 2 * (layers + attention),
            "attention_products_forgotten": 4 * layers,
        }


class WhichAccumulationBug(Diagnosis):
    id = "l12-which-accumulation-bug"
    source = "homework 6, question 6"
    title = "Diagnose an accumulated gradient"
    minutes = 4
    faults = ("mean_of_means", "sum_of_means", "cleared_in_the_loop", "old_gradients_kept")
    text = """
    The loss of an example x is w x, so that its gradient is x. A student's function is to leave the gradient of the mean loss over all
    examples in `w.grad`, which holds @{old} from the step before. After the micro-batches @{one} and @{two} it holds @{shown}. Which
    mistake did the student make?
    """

    def inputs(self, draw):
        return {
            "old": draw.choice("old", (10.0, 20.0)),
            "one": [float(x) for x in draw.sample("one", (1, 2, 3, 4, 5, 6), 4)],
            "two": [float(x) for x in draw.sample("two", (8, 9, 11, 12), 2)],
        }

    def run(self, function, old, one, two):
        import torch

        model = torch.nn.Linear(1, 1, bias=False, dtype=torch.float64)
        model.weight.grad = torch.full_like(model.weight, old)
        batches = [(x, x) for x in (torch.tensor(batch, dtype=torch.float64).reshape(-1, 1) for batch in (one, two))]
        function(model, lambda out, _: out.mean(), batches)
        return model.weight.grad.item()

    def formulas(self, old, one, two):
        return {
            "mean_of_means": (sum(one) / 4 + sum(two) / 2) / 2,
            "sum_of_means": sum(one) / 4 + sum(two) / 2,
            "cleared_in_the_loop": sum(two) / 6,
            "old_gradients_kept": old + (sum(one) + sum(two)) / 6,
        }
