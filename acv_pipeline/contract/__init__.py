"""What is true of the data: the contract, read from ``contract.yml`` and checked."""

from acv_pipeline.contract.entries import Contribution, Indicator, Source
from acv_pipeline.contract.loading import load_contract
from acv_pipeline.contract.model import Contract, ContractError
from acv_pipeline.contract.months import Month, month_range
from acv_pipeline.contract.territories import Territories

__all__ = [
    "Contract",
    "ContractError",
    "Contribution",
    "Indicator",
    "Month",
    "Source",
    "Territories",
    "load_contract",
    "month_range",
]
