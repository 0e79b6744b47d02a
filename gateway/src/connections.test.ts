import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { makeRoomForConnections } from './connections.ts';

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

/** A server that may have three connections. */
function createDoor() {
  const server = new EventEmitter();
  makeRoomForConnections(server as never, 3);
  let port = 0;
  return {
    connect(address: string): FakeSocket {
      port += 1;
      const socket = new FakeSocket(address, port);
      server.emit('connection', socket);
      return socket;
    },
    /** Begins a request; returns its end. */
    request({ remoteAddress, remotePort }: FakeSocket): () => void {
      const response = new EventEmitter();
      // As with TLS, it is another object.
      server.emit('request', { socket: { remoteAddress, remotePort } }, response);
      return () => response.emit('close');
    },
  };
}

const open = (sockets: readonly FakeSocket[]) => sockets.map(({ isOpen }) => isOpen);

describe('one connection too many', () => {
  test('ends the one that has waited longest of the address that has the most', () => {
    const { connect, request } = createDoor();
    const other = connect('10.0.0.2');
    const crowd = [connect('10.0.0.1'), connect('10.0.0.1')];
    request(crowd[0] as FakeSocket)();
    const newcomer = connect('10.0.0.3');
    expect(open([other, ...crowd, newcomer])).toEqual([true, true, false, true]);
  });

  test('spares those with requests', () => {
    const { connect, request } = createDoor();
    const crowd = [connect('10.0.0.1'), connect('10.0.0.1'), connect('10.0.0.1')];
    const [first, , third] = crowd as [FakeSocket, FakeSocket, FakeSocket];
    request(first);
    request(third);
    expect(open([connect('10.0.0.2'), ...crowd])).toEqual([true, true, false, true]);
  });

  test('is closed itself if all others have requests', () => {
    const { connect, request } = createDoor();
    const crowd = [connect('10.0.0.1'), connect('10.0.0.1'), connect('10.0.0.1')];
    const [finish] = crowd.map(request);
    expect(open([connect('10.0.0.2'), ...crowd])).toEqual([false, true, true, true]);
    finish?.();
    expect(open([connect('10.0.0.2'), ...crowd])).toEqual([true, false, true, true]);
  });

  test('ends an idle one of another address if those of the most crowded have requests', () => {
    const { connect, request } = createDoor();
    const idle = connect('10.0.0.1');
    const crowd = [connect('10.0.0.2'), connect('10.0.0.2')];
    for (const each of crowd) request(each);
    const newcomer = connect('10.0.0.3');
    expect(open([idle, ...crowd, newcomer])).toEqual([false, true, true, true]);
  });

  test('closes nothing once others have ended', () => {
    const { connect } = createDoor();
    const crowd = [connect('10.0.0.1'), connect('10.0.0.1'), connect('10.0.0.1')];
    crowd[1]?.destroy();
    expect(open([connect('10.0.0.2'), ...crowd])).toEqual([true, true, false, true]);
  });
});
