"""QRISK3-2017 for Twinportal."""
