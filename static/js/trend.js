// Draws the trend figure from the JSON in the page. The table below it says the same without this.
"use strict";
const figure = JSON.parse(document.getElementById("figure").textContent);
const plot = document.getElementById("plot");
Plotly.newPlot(plot, figure.data, figure.layout, { responsive: true, displaylogo: false, displayModeBar: false });
