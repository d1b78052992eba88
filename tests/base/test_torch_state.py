"""What callers ask of torch is set aside while modules are built and numbers computed, and holds again afterwards."""

import torch
from torch import nn

from digs.base.torch_state import building, calculating


def test_modules_are_built_as_in_a_fresh_process():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.inference_mode(), torch.device("meta"), building(), building():
            layer = nn.Linear(2, 2)
        assert torch.get_default_dtype() == torch.float64
        assert torch.empty(0).dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert layer.weight.dtype == torch.float32
    assert layer.weight.device.type == "cpu"
    assert not layer.weight.is_inference()
    assert layer.weight.requires_grad
    assert torch.equal(torch.rand(2), expected)


def test_the_default_type_comes_back_after_an_error():
    torch.set_default_dtype(torch.float64)
    try:
        with building():
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_functions_calculate_in_full_precision_and_without_gradients():
    weight = torch.full((4, 4), 1 / 3, requires_grad=True)

    @calculating
    def product() -> torch.Tensor:
        return weight @ weight

    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (weight @ weight).dtype == torch.bfloat16
        assert product().dtype == torch.float32
        assert not product().requires_grad
        assert torch.is_autocast_enabled("cpu")
    assert product.__name__ == "product"
