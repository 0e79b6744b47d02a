import { describe, expect, test } from '@jest/globals';
import { frameTemplate, frameWriter, grpcFrame } from './frame-template.ts';

describe('a frame template', () => {
  test('gives every frame the next number', () => {
    const template = frameTemplate(Buffer.from('id t-0000 end'), [{ prefix: 't-', width: 4 }]);
    const next = frameWriter(template);
    expect([next().toString(), next().toString()]).toEqual(['id t-0000 end', 'id t-0001 end']);
  });

  test('gives every placeholder of one frame a number of its own', () => {
    const template = frameTemplate(Buffer.from('t-00 t-00'), [{ prefix: 't-', width: 2 }]);
    const next = frameWriter(template);
    expect([next().toString(), next().toString()]).toEqual(['t-00 t-01', 't-02 t-03']);
  });

  test('spreads random numbers below the limit', () => {
    const template = frameTemplate(Buffer.from('m-000'), [{ prefix: 'm-', width: 3, below: 10 }]);
    const next = frameWriter(template);
    const seen = new Set(Array.from({ length: 1000 }, () => next().toString()));
    expect([...seen].toSorted()).toEqual(Array.from({ length: 10 }, (_, n) => `m-00${n}`));
  });

  test('refuses a number that does not fit', () => {
    const next = frameWriter(frameTemplate(Buffer.from('t-0'), [{ prefix: 't-', width: 1 }]));
    for (let call = 0; call < 10; call++) next();
    expect(next).toThrow('10 has more than 1 digits');
  });

  test('refuses a request without the placeholder', () => {
    expect(() => frameTemplate(Buffer.from('t-0'), [{ prefix: 't-', width: 2 }])).toThrow(
      'no placeholder t-00',
    );
  });
});

test('a gRPC frame begins with the length of its message', () => {
  const frame = grpcFrame(Buffer.from('hello'));
  expect(frame.readUInt8(0)).toBe(0);
  expect(frame.readUInt32BE(1)).toBe(5);
  expect(frame.subarray(5).toString()).toBe('hello');
});
