import type * as ssm from "@aws-sdk/client-ssm";
import type { Call } from "../cloud.ts";
import { debianParameter, type PublicImages } from "../ec2/public-images.ts";
import { AwsError } from "../errors.ts";

/** The public parameters that name images. */
export function ssmOperations(images: PublicImages) {
  const find = ({ region }: Call, name: string): ssm.Parameter | undefined => {
    if (name !== debianParameter) return undefined;
    const { id, createdAt } = images.ensure(region);
    return {
      Name: name,
      Type: "String",
      Value: id,
      Version: 1,
      LastModifiedDate: new Date(createdAt),
      ARN: `arn:aws:ssm:${region}::parameter${name}`,
      DataType: "aws:ec2:image",
    };
  };
  return {
    GetParameter: (call: Call, input: ssm.GetParameterRequest): ssm.GetParameterResult => {
      const Parameter = find(call, input.Name ?? "");
      if (!Parameter) throw new AwsError("ParameterNotFound", `Parameter ${input.Name} not found.`);
      return { Parameter };
    },
    GetParameters: (call: Call, input: ssm.GetParametersRequest): ssm.GetParametersResult => {
      const names = input.Names ?? [];
      return {
        Parameters: names.flatMap((name) => find(call, name) ?? []),
        InvalidParameters: names.filter((name) => !find(call, name)),
      };
    },
  };
}
