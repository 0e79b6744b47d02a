/**
 * Counts what each address has open. The function returned lets one more in and returns its end, or undefined if the address
 * has as many as it may have.
 */
export function createAddressLimit(max: number): (address: string) => (() => void) | undefined {
  const open = new Map<string, number>();
  return (address) => {
    const count = open.get(address) ?? 0;
    if (count >= max) return undefined;
    open.set(address, count + 1);
    return () => {
      const left = (open.get(address) ?? 0) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    };
  };
}
