"""Writes predictions back as FHIR RiskAssessments, and amends those that turned out wrong."""

from collections.abc import Sequence
from datetime import datetime

from models_engine.fhir_rendering import risk_assessment
from models_engine.models import ModelRun, Prediction
from models_engine.registry import model as registered_model
from models_engine.services.run import ModelResult
from patients.models import Patient, Resource
from patients.services.server_written import write_resources

SOURCE = "twinportal"
