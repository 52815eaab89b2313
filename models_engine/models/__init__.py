from models_engine.models.monitoring import MonitoringReference, MonitoringSnapshot
from models_engine.models.prediction import Prediction
from models_engine.models.run import ModelRun

__all__ = ["ModelRun", "MonitoringReference", "MonitoringSnapshot", "Prediction"]
