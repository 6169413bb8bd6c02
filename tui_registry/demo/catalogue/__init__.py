"""The models, by team."""

from tui_registry.demo.catalogue import customer, fraud, risk, supply
from tui_registry.demo.model_card import Card

CARDS: tuple[Card, ...] = (*risk.CARDS, *fraud.CARDS, *supply.CARDS, *customer.CARDS)
