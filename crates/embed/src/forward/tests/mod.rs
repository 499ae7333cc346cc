mod kernels;
mod tiny_model;
