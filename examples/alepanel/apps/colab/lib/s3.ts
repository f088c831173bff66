import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const URL_SECONDS = 300;

function required(key: string): string {
  const value = process.env[key];
  if (!value) throw new Error(`${key} is not set`);
  return value;
}

function client(): S3Client {
  return new S3Client({
    endpoint: required("S3_ENDPOINT"),
    region: "us-east-1",
    forcePathStyle: true,
    // Browsers upload with a plain PUT and cannot compute the SDK's optional checksums.
    requestChecksumCalculation: "WHEN_REQUIRED",
    credentials: {
      accessKeyId: required("MINIO_ROOT_USER"),
      secretAccessKey: required("MINIO_ROOT_PASSWORD"),
    },
  });
}

/** An address at which a browser may store one object, for five minutes. */
export async function uploadUrl(key: string): Promise<string> {
  const command = new PutObjectCommand({ Bucket: required("S3_BUCKET"), Key: key });
  return getSignedUrl(client(), command, { expiresIn: URL_SECONDS });
}
