"""Translation of a program of Paddle 3, operator by operator, to the old description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from edgeslim.errors import BadFileError, ModelError
from edgeslim.paddle_io.pir.attributes import convert_value
from edgeslim.paddle_io.pir.builtin import BUILTINS
from edgeslim.paddle_io.pir.completions import COMPLETIONS, OldOperator
from edgeslim.paddle_io.pir.operators import row_of
from edgeslim.paddle_io.pir.reader import (
    NO_TENSOR,
    Operation,
    OperationResult,
    PirProgram,
    TensorType,
)
from edgeslim.paddle_io.pir.refusals import refuse_operations
from edgeslim.paddle_io.pir.rows import Operand, Row
from edgeslim.paddle_io.pir.values import (
    Constant,
    Tensor,
    TensorList,
    Value,
    constant_items,
    is_known,
)
from edgeslim.paddle_io.pir.writer import Attributes, Writer
from edgeslim.paddle_io.unused_parameters import UNUSED_PARAMETER

__all__ = ["translate_program"]

_SIZES = frozenset(("int", "ints", "bounds", "long", "longs"))


def translate_program(program: PirProgram, path: Path) -> Any:  # noqa: ANN401 - a ProgramDesc
    """Translates a program to an old description with the same names of inputs and parameters.

    Outputs are called as Paddle's predictor calls them, ``fetch_name_0`` and so on.

    Args:
        program: The program of Paddle 3.
        path: Path of its file, for messages.

    Raises:
        ModelError: It has operators or attributes that old programs do not have.
        BadFileError: It refers to values that nothing makes.
    """
    refuse_operations(program.operations, path)
    _refuse_half_parameters(program, path)
    translation = _Translation(program)
    operation: Operation | None = None
    try:
        translation.declare_inputs()
        for operation in program.operations:
            translation.translate(operation)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except _DanglingValueError as error:
        raise BadFileError(f"{path} is damaged: {error}") from error
    except (IndexError, KeyError, TypeError, ValueError) as error:
        called = "a parameter" if operation is None else operation.name
        why = error if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise ModelError(f"{path}: {called} has no counterpart in old programs: {why}") from error
    return translation.writer.program()


def _refuse_half_parameters(program: PirProgram, path: Path) -> None:
    """Refuses half-precision parameters, which neither Paddle nor Paddle-Lite computes on x86."""
    for parameter in program.parameters:
        if parameter.type.element in {"float16", "bfloat16"}:
            raise ModelError(
                f"{path} has parameters of {parameter.type.element}, such as {parameter.name!r}, "
                "and edgeslim reads those of float32; save the network again after net.float(), "
                "and let edgeslim make it smaller (--precision)"
            )


class _DanglingValueError(Exception):
    """A value is read that no operator makes."""


@dataclass(frozen=True, slots=True)
class _Output:
    """An output of the program: its name, and its index among the outputs."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class _Form:
    """What operators of one name and with the same attributes have in common.

    Args:
        row: The operator's row of the table.
        attributes: The old operator's attributes that do not come from operands.
        slots: The slot of each result, and that of the operand in whose place it is written, or "".
    """

    row: Row
    attributes: Attributes
    slots: tuple[tuple[str, str], ...]


class _Translation:
    """A translation in progress: the value behind each number, and the program so far."""

    def __init__(self, program: PirProgram) -> None:
        self._program = program
        self._values: dict[int, Value] = {}
        self._missing_parameters: dict[int, str] = {}
        self._forms: dict[tuple[str, int], _Form] = {}
        self._extensions: dict[tuple[int, str, str, bytes], tuple[Attributes, Attributes]] = {}
        self._outputs = {
            operation.operands[0]: _output_of(operation)
            for operation in reversed(program.operations)
            if operation.name == "pd_op.fetch"
        }
        self._feeds = [
            operation for operation in program.operations if operation.name == "pd_op.data"
        ]
        self.writer = Writer(
            {
                *(operation.attributes["name"] for operation in self._feeds),
                *(parameter.name for parameter in program.parameters),
                *(output.name for output in self._outputs.values()),
            }
        )

    def declare_inputs(self) -> None:
        """Declares the parameters and what is fed, in the order of the file."""
        for parameter in self._program.parameters:
            if parameter.is_stored:
                self._values[parameter.number] = self.writer.declare(
                    parameter.name, parameter.type, is_parameter=True
                )
            else:
                self._missing_parameters[parameter.number] = parameter.name
        if not any(parameter.is_stored for parameter in self._program.parameters):
            self.writer.declare(UNUSED_PARAMETER, TensorType("float32", (1,)), is_parameter=True)
        for column, operation in enumerate(self._feeds):
            (result,) = operation.results
            fed = self.writer.declare(operation.attributes["name"], result.types[0])
            self.writer.add("feed", {"X": ["feed"]}, {"Out": [fed.name]}, {"col": ("int", column)})
            self._values[result.number] = fed

    def translate(self, operation: Operation) -> None:
        """Writes one operator, or remembers the value that it makes."""
        name = operation.name
        if name == "pd_op.data":
            return
        if name == "pd_op.fetch":
            self._write_output(operation)
            return
        if name in BUILTINS:
            made = BUILTINS[name](self.writer, operation, self._operands(operation))
        else:
            made = self._translate_by_row(operation, self._form(operation))
        for result, value in zip(operation.results, made, strict=True):
            self._values[result.number] = value

    def _operands(
        self, operation: Operation, rules: Sequence[Operand] | None = None
    ) -> list[Value | None]:
        """The operator's operands; those that are ignored need not exist."""
        try:
            return list(map(self._values.__getitem__, operation.operands))
        except KeyError:  # one is left out, or nothing makes it
            pass
        return [
            None
            if number == 0 or (rules is not None and _is_ignored(rules, place))
            else self._value(number)
            for place, number in enumerate(operation.operands)
        ]

    def _value(self, number: int) -> Value:
        if number in self._missing_parameters:
            raise ModelError(
                f"parameter {self._missing_parameters[number]!r} is read and not kept in the file"
            )
        if number not in self._values:
            raise _DanglingValueError(f"value {number} is read and nothing makes it")
        return self._values[number]

    def _translate_by_row(self, operation: Operation, form: _Form) -> list[Value]:
        row = form.row
        operands = self._operands(operation, row.operands)
        if len(operands) > len(row.operands):
            raise ModelError(
                f"{operation.name} has {len(operands)} operands, of which edgeslim knows "
                f"{len(row.operands)}"
            )
        operator = OldOperator(row.kind, {}, form.attributes, operands)
        for rule, value in zip(row.operands, operands, strict=False):
            if value is None:
                continue
            if rule.attribute:
                self._put_operand(operator, rule, value, operation)
            elif rule.slot:
                operator.inputs[rule.slot] = value
        if row.completion:
            COMPLETIONS[row.completion](operator, operation)
        names = self.writer.names
        inputs = {slot: names(value) for slot, value in operator.inputs.items()}
        outputs, made = self._results(operation, form, inputs)
        self.writer.add(operator.kind, inputs, outputs, operator.attributes)
        return made

    def _form(self, operation: Operation) -> _Form:
        # The program keeps its attributes, so that nothing else has their identity.
        key = operation.name, id(operation.attributes)
        form = self._forms.get(key)
        if form is None:
            row = row_of(operation.short_name)
            assert row is not None  # noqa: S101 - `refuse_operations` has looked
            slots = tuple((slot, row.in_place.get(slot, "")) for slot in row.results)
            form = self._forms[key] = _Form(row, _attributes(operation, row), slots)
        return form

    def _put_operand(
        self, operator: OldOperator, rule: Operand, value: Value, operation: Operation
    ) -> None:
        """Makes an operand an attribute if its elements are known, and else an input."""
        if isinstance(value, Constant):
            operator.attributes = self._with_constant(operator.attributes, rule, value, operation)
            return
        if is_known(value):
            items = _converted_operand(value, rule, operation)
            operator.set(rule.attribute, rule.type, items)
            return
        is_list = isinstance(value, TensorList)
        slot = (rule.list_slot or rule.slot) if is_list else rule.slot
        if not slot:
            raise ModelError(
                f"{operation.name} takes {rule.attribute!r} from what the program computes; "
                "it has to be a constant"
            )
        if rule.type in _SIZES:
            value = self._cast_sizes(value)
        operator.inputs[slot] = value
        if isinstance(value, TensorList) and rule.type != "int":
            known = [constant_items(item)[0] if is_known(item) else -1 for item in value.items]
            operator.set(rule.attribute, rule.type, convert_value(known, rule.type))

    def _with_constant(
        self, attributes: Attributes, rule: Operand, constant: Constant, operation: Operation
    ) -> Attributes:
        """Attributes with that of a constant; the same values give the same object."""
        elements = constant.elements
        key = id(attributes), rule.attribute, elements.dtype.char, elements.tobytes()
        extended = self._extensions.get(key)
        if extended is None:
            items = _converted_operand(constant, rule, operation)
            # The attributes are kept, so that no others have their identity.
            extended = attributes, {**attributes, rule.attribute: (rule.type, items)}
            self._extensions[key] = extended
        return extended[1]

    def _cast_sizes(self, value: Value) -> Value:
        """Sizes cast to 32 bits, which is how Paddle-Lite's kernels read them."""
        if isinstance(value, TensorList):
            return TensorList(
                tuple(
                    item if isinstance(item, Constant) else self.writer.cast(item, "int32")
                    for item in value.items
                )
            )
        return self.writer.cast(value, "int32")

    def _results(
        self, operation: Operation, form: _Form, inputs: dict[str, list[str]]
    ) -> tuple[dict[str, list[str]], list[Value]]:
        """The tensors that an operator writes, by slot and by result."""
        outputs: dict[str, list[str]] = {}
        made: list[Value] = []
        for result, (slot, source) in zip(
            operation.results, chain(form.slots, repeat(("", ""))), strict=False
        ):
            if source and inputs.get(source):
                outputs[slot] = inputs[source]
                made.append(Tensor(inputs[source][0], result.types[0]))
                continue
            value = self._new_result(form.row.kind, result)
            if slot:
                outputs[slot] = self.writer.names(value)
            made.append(value)
        return outputs, made

    def _new_result(self, kind: str, result: OperationResult) -> Value:
        """New tensors for a result; one that is an output has the output's name."""
        if result.is_list:
            return TensorList(tuple(self.writer.new(kind, type_) for type_ in result.types))
        (single,) = result.types
        if single.element == NO_TENSOR:
            return TensorList(())
        if result.number in self._outputs:
            return self.writer.declare(self._outputs[result.number].name, single)
        return self.writer.new(kind, single)

    def _write_output(self, operation: Operation) -> None:
        """Makes a tensor an output, as a copy if it is not an operator's own result."""
        output = _output_of(operation)
        value = self._value(operation.operands[0])
        if isinstance(value, TensorList):
            raise ModelError("an output is a list of tensors; return each by itself")
        tensor = self.writer.tensor(value)
        name = tensor.name
        if name != output.name:
            name = self._copy(tensor, output.name)
        column: Attributes = {"col": ("int", output.column)}
        self.writer.add("fetch", {"X": [name]}, {"Out": ["fetch"]}, column)

    def _copy(self, tensor: Tensor, name: str) -> str:
        """Copies a tensor under a name in the way in which Paddle does when it saves."""
        self.writer.declare(name, tensor.type)
        if tensor.type.element == "bool":
            self.writer.add("assign", {"X": [tensor.name]}, {"Out": [name]}, {})
            return name
        identity: Attributes = {
            "scale": ("float", 1.0),
            "bias": ("float", 0.0),
            "bias_after_scale": ("bool", True),
        }
        self.writer.add("scale", {"X": [tensor.name]}, {"Out": [name]}, identity)
        return name


def _attributes(operation: Operation, row: Row) -> Attributes:
    """The old operator's attributes that do not come from operands."""
    attributes = dict(row.constants)
    for name, value in operation.attributes.items():
        if name in row.ignored:
            continue
        if name not in row.attributes:
            raise ModelError(
                f"{operation.name} has an attribute that edgeslim does not know: {name}={value!r}"
            )
        old, kind = row.attributes[name]
        try:
            attributes[old] = (kind, convert_value(value, kind))
        except ValueError as error:
            raise ModelError(f"attribute {name!r} of {operation.name}: {error}") from error
    return attributes


def _converted_operand(value: Value, rule: Operand, operation: Operation) -> Any:  # noqa: ANN401
    try:
        return convert_value(constant_items(value), rule.type)
    except ValueError as error:
        raise ModelError(f"operand {rule.attribute!r} of {operation.name}: {error}") from error


def _output_of(operation: Operation) -> _Output:
    return _Output(str(operation.attributes["name"]), int(operation.attributes["col"]))


def _is_ignored(rules: Sequence[Operand], place: int) -> bool:
    return place < len(rules) and not rules[place].slot and not rules[place].attribute
