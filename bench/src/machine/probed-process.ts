import type { ChildProcess } from 'node:child_process';
import type { ProbeRequest, ProbeResponse, ProcessUsage } from './probe-messages.ts';

export type { ProcessUsage } from './probe-messages.ts';

/** The arguments for Node that preload the probe. */
export const probeArgs = ['--import', new URL('./probe.ts', import.meta.url).href] as const;

/** A process with the probe in it. It has one window at a time. */
export interface ProbedProcess {
  /**
   * Begins a window; the function returned ends it and resolves to its costs.
   *
   * @param profileFile where the CPU profile of the window is to be written; none is made when absent
   * @throws {Error} when the process has ended
   */
  begin(profileFile?: string): Promise<() => Promise<ProcessUsage>>;
  residentBytes(): Promise<number>;
}

export function probedProcess(child: ChildProcess): ProbedProcess {
  const ask = (request: ProbeRequest) =>
    new Promise<ProbeResponse>((resolve, reject) => {
      const gone = () => reject(new Error('The process under measurement has ended'));
      // Memory may be asked for in the middle of a window.
      const receive = (message: unknown) => {
        const response = message as ProbeResponse;
        if (response.probe !== request.probe) return;
        child.off('message', receive);
        child.off('disconnect', gone);
        resolve(response);
      };
      child.on('message', receive);
      child.once('disconnect', gone);
      child.send(request, (error) => {
        if (error !== null) reject(error);
      });
    });
  return {
    async begin(profileFile) {
      await ask({ probe: 'begin', profile: profileFile !== undefined });
      return async () => {
        const { usage } = await ask({ probe: 'end', profileFile });
        if (usage === undefined) throw new Error('The probe reported no usage');
        return usage;
      };
    },
    async residentBytes() {
      return (await ask({ probe: 'memory' })).residentBytes ?? 0;
    },
  };
}
