// Numbers that the data scripts hold as base64, the lowest byte first, as all browsers' processors have it.
"use strict";
(function () {
  const DIGS = (window.DIGS = window.DIGS || {});

  DIGS.bytes = function (base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
    return bytes;
  };

  // Integers of variable length: seven bits a byte, the eighth says that more follow; 0, 1, 2, 3 stand for 0, -1, 1, -2.
  DIGS.integers = function (base64, number) {
    const bytes = DIGS.bytes(base64);
    const values = new Float64Array(number);
    let place = 0;
    for (let count = 0; count < number; count++) {
      let value = 0;
      let worth = 1;
      let byte;
      do {
        byte = bytes[place++];
        value += (byte % 128) * worth;
        worth *= 128;
      } while (byte >= 128);
      values[count] = value % 2 ? -(value + 1) / 2 : value / 2;
    }
    return values;
  };

  // Sums along one axis, in place: what undoes differences.
  DIGS.accumulate = function (values, shape, axis) {
    const stride = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    for (let place = stride; place < values.length; place++) {
      if (Math.floor(place / stride) % shape[axis]) values[place] += values[place - stride];
    }
  };
})();
