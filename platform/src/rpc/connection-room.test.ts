import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { createConnectionRoom } from './connection-room.ts';

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort: number;
  isOpen = true;

  constructor(address: string, port: number) {
    super();
    this.remoteAddress = address;
    this.remotePort = port;
  }

  destroy(): void {
    this.isOpen = false;
    this.emit('close');
  }
}

/** A port that may have three connections. */
function createPort() {
  const room = createConnectionRoom(3);
  let port = 0;
  return {
    connect(address: string): FakeSocket {
      port += 1;
      const socket = new FakeSocket(address, port);
      room.add(socket as never);
      return socket;
    },
    /** Begins a request; returns its end. */
    request({ remoteAddress, remotePort }: FakeSocket): () => void {
      // As with TLS, it is another object.
      const connection = room.of({ remoteAddress, remotePort });
      connection?.begin();
      return () => connection?.end();
    },
  };
}

const open = (sockets: readonly FakeSocket[]) => sockets.map(({ isOpen }) => isOpen);

describe('one connection too many', () => {
  test('ends the one that has waited longest of the address that has the most', () => {
    const { connect, request } = createPort();
    const other = connect('10.0.0.2');
    const crowd = [connect('10.0.0.1'), connect('10.0.0.1')];
    request(crowd[0] as FakeSocket)();
    const newcomer = connect('10.0.0.3');
    expect(open([other, ...crowd, newcomer])).toEqual([true, true, false, true]);
  });

  test('spares those with requests', () => {
    const { connect, request } = createPort();
    const crowd = [connect('10.0.0.1'), connect('10.0.0.1'), connect('10.0.0.1')];
    const [first, , third] = crowd as [FakeSocket, FakeSocket, FakeSocket];
    request(first);
    request(third);
    expect(open([connect('10.0.0.2'), ...crowd])).toEqual([true, true, false, true]);
  });

  test('is closed itself if all others have requests', () => {
    const { connect, request } = createPort();
    const crowd = [connect('10.0.0.1'), connect('10.0.0.1'), connect('10.0.0.1')];
    const [finish] = crowd.map(request);
    expect(open([connect('10.0.0.2'), ...crowd])).toEqual([false, true, true, true]);
    finish?.();
    expect(open([connect('10.0.0.2'), ...crowd])).toEqual([true, false, true, true]);
  });

  test('ends an idle one of another address if those of the most crowded have requests', () => {
    const { connect, request } = createPort();
    const idle = connect('10.0.0.1');
    const crowd = [connect('10.0.0.2'), connect('10.0.0.2')];
    for (const each of crowd) request(each);
    const newcomer = connect('10.0.0.3');
    expect(open([idle, ...crowd, newcomer])).toEqual([false, true, true, true]);
  });

  test('closes nothing once others have ended', () => {
    const { connect } = createPort();
    const crowd = [connect('10.0.0.1'), connect('10.0.0.1'), connect('10.0.0.1')];
    crowd[1]?.destroy();
    expect(open([connect('10.0.0.2'), ...crowd])).toEqual([true, true, false, true]);
  });
});
