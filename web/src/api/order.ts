import { useMutation, useQueryClient } from "@tanstack/react-query";
import { tell } from "../app/tell.tsx";

export interface OrderOptions<Output> {
  /** First words of the keys of what is read anew afterwards. */
  readonly touches: readonly string[];
  /** What is said in the corner once it is done. */
  readonly done?: string | ((output: Output) => string);
  readonly onDone?: (output: Output) => void;
}

/** Something that a person has the API do. What refuses it is in `error`, for the form that it came from to show. */
export function useOrder<Input = void, Output = unknown>(
  order: (input: Input) => Promise<Output>,
  { touches, done, onDone }: OrderOptions<Output>,
) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: order,
    onSuccess: async (output) => {
      if (done !== undefined) tell.done(typeof done === "string" ? done : done(output));
      onDone?.(output);
      await Promise.all(touches.map((key) => queries.invalidateQueries({ queryKey: [key] })));
    },
  });
}
