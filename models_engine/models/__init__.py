from models_engine.models.forecast import Forecast, ForecastCheck
from models_engine.models.monitoring import MonitoringReference, MonitoringSnapshot
from models_engine.models.prediction import Prediction
from models_engine.models.run import ModelRun

__all__ = [
    "Forecast",
    "ForecastCheck",
    "ModelRun",
    "MonitoringReference",
    "MonitoringSnapshot",
    "Prediction",
]
