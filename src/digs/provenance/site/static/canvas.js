// What all plots share: sharp canvases, the page's colours, and axes.
"use strict";
(function () {
  const DIGS = (window.DIGS = window.DIGS || {});

  DIGS.colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Make a canvas as sharp as the screen, and empty. Returns its context, in CSS pixels, and its size.
  DIGS.blank = function (canvas, width, height) {
    const scale = Math.max(window.devicePixelRatio || 1, 1);
    const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== across || canvas.height !== down) {
      canvas.width = across;
      canvas.height = down;
    }
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = DIGS.colour("--ground");
    context.fillRect(0, 0, width, height);
    return context;
  };

  DIGS.font = (size) => `${size}px system-ui, "Liberation Sans", sans-serif`;

  // Round numbers between two ends, about so many.
  DIGS.ticks = function (low, high, about) {
    const rough = (high - low) / about;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 2.5, 5, 10].find((each) => each * power >= rough * 0.999);
    const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (Math.abs(step / power - 2.5) < 1e-9 ? 1 : 0));
    const found = [];
    for (let count = Math.ceil(low / step - 1e-9); count * step <= high + 1e-9 * step; count++) {
      found.push([count * step, DIGS.minus((count * step).toFixed(decimals))]);
    }
    return found;
  };

  const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  DIGS.power = (exponent) =>
    `10${exponent < 0 ? "⁻" : ""}${[...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[digit]).join("")}`;

  // A number as 1.23 × 10⁴, with so many decimals.
  DIGS.scientific = function (value, decimals) {
    const [digits, exponent] = value.toExponential(decimals).split("e");
    return `${DIGS.minus(digits)} × ${DIGS.power(Number(exponent))}`;
  };

  DIGS.minus = (text) => (/^-0(\.0*)?$/.test(text) ? text.slice(1) : text.replace("-", "\u2212"));

  // A frame with ticks inside, as journals have them. box: left, top, width, height; x and y: functions to pixels.
  DIGS.frame = function (context, box, x, y, ticks_x, ticks_y, labels = { x: true, y: true }) {
    const ink = DIGS.colour("--ink");
    context.save();
    context.strokeStyle = ink;
    context.fillStyle = ink;
    context.lineWidth = 1;
    context.strokeRect(box.left + 0.5, box.top + 0.5, box.width, box.height);
    context.beginPath();
    const bottom = box.top + box.height;
    const right = box.left + box.width;
    for (const [value] of ticks_x) {
      const at = Math.round(x(value)) + 0.5;
      context.moveTo(at, bottom);
      context.lineTo(at, bottom - 5);
      context.moveTo(at, box.top);
      context.lineTo(at, box.top + 5);
    }
    for (const [value] of ticks_y) {
      const at = Math.round(y(value)) + 0.5;
      context.moveTo(box.left, at);
      context.lineTo(box.left + 5, at);
      context.moveTo(right, at);
      context.lineTo(right - 5, at);
    }
    context.stroke();
    context.textAlign = "center";
    context.textBaseline = "top";
    if (labels.x) for (const [value, text] of ticks_x) context.fillText(text, x(value), bottom + 6);
    context.textAlign = "right";
    context.textBaseline = "middle";
    if (labels.y) for (const [value, text] of ticks_y) context.fillText(text, box.left - 6, y(value));
    context.restore();
  };

  // Text that reads upwards.
  DIGS.upward = function (context, text, x, y) {
    context.save();
    context.translate(x, y);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.textBaseline = "top";
    context.fillText(text, 0, 0);
    context.restore();
  };

  // A position of the pointer in CSS pixels of a canvas.
  DIGS.position = function (canvas, event) {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
})();
